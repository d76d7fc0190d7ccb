/**
 * Failpoints: moments at which a process dies or fails, injected from outside by `inject-failpoints.ts`.
 *
 *     message-service-2:message.committed=kill@40
 *
 * kills the process of that SERVICE_INSTANCE when it reaches the moment for the 40th time. `throw@3` throws
 * at the third time, `throw@SIGUSR2` each time after that signal. Several are separated by commas.
 */
export interface Failpoint {
  readonly instance: string;
  readonly name: string;
  readonly action: 'kill' | 'throw';
  /** At which pass it acts; after the signal it acts at each. */
  readonly at: number | 'SIGUSR2';
}

const FORM = /^([\w-]+):([\w.]+)=(kill|throw)@([1-9]\d*|SIGUSR2)$/;

/** Throws when one of them is not of the form above. */
export const parseFailpoints = (text: string): Failpoint[] =>
  text
    .split(',')
    .filter((one) => one !== '')
    .map((one) => {
      const [, instance = '', name = '', action, at] = FORM.exec(one) ?? [];
      if (action === undefined) throw new Error(`not a failpoint: ${one}`);
      return {
        instance,
        name,
        action: action === 'kill' ? 'kill' : 'throw',
        at: at === 'SIGUSR2' ? at : Number(at),
      };
    });

const injector = new URL('inject-failpoints.ts', import.meta.url).href;

/** What an instance needs in its environment for its failpoints to act; nothing where it has none. */
export const failpointVariables = (
  failpoints: string,
  instance: string,
): { FAILPOINTS?: string; NODE_OPTIONS?: string } =>
  parseFailpoints(failpoints).some((one) => one.instance === instance)
    ? { FAILPOINTS: failpoints, NODE_OPTIONS: `--import=${injector}` }
    : {};

/** What a process writes to its standard error when a failpoint acts for the first time. */
export const reachedLine = (instance: string, name: string): string =>
  `failpoint reached: ${instance}:${name}`;

/** The failpoints that no process reached, by what processes wrote to this log. */
export const neverReached = (failpoints: string, log: string): string[] => {
  const lines = new Set(log.split('\n'));
  return parseFailpoints(failpoints)
    .filter(({ instance, name }) => !lines.has(reachedLine(instance, name)))
    .map(({ instance, name }) => `failpoint never reached: ${instance}:${name}`);
};
