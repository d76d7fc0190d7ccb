import { z } from 'zod';
import { Proxy } from './proxy.ts';

// The far end of a Cable: listens at its own address and forwards every connection. Arguments: its own
// address, the near address, the port of both.

const [far, near, port] = z.tuple([z.string(), z.string(), z.coerce.number()]).parse(process.argv.slice(2));
await Proxy.listen({ host: near, port }, { host: far, port });
process.stdout.write('listening\n');
