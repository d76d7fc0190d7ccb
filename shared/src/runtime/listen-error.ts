import { ConfigError } from '../config-error.ts';

interface Place {
  readonly host: string;
  readonly port: number;
  /** The variables with the host and the port. */
  readonly variables: { readonly host: string; readonly port: string };
}

const NO_ADDRESS = ['EADDRNOTAVAIL', 'EINVAL', 'ENOTFOUND'];

/** The mistake behind a failed `listen`; other errors unchanged. */
export function listenError(error: NodeJS.ErrnoException, { host, port, variables }: Place): Error {
  const { code = '' } = error;
  const at = `${variables.port}: ${port.toString()}`;
  if (code === 'EADDRINUSE')
    return new ConfigError([`${at} is taken by another process; choose another`], false);
  if (code === 'EACCES')
    return new ConfigError([
      `${at} needs the right to listen below 1024; choose a higher port, or give the process CAP_NET_BIND_SERVICE`,
    ]);
  if (NO_ADDRESS.includes(code))
    return new ConfigError([`${variables.host}: ${host} is not an address of this machine`]);
  return error;
}
