const STRINGS = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g;
const COMMENTS = /#.*/g;
const SELECTORS = /\{[^{}]*\}/g;
const RANGES = /\[[^[\]]*\]/g;
const LABEL_LISTS = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)/g;
/** Excludes the letters of a number (5m, 1e3) and names of functions. */
const NAMES = /(?<![\w:.])[A-Za-z_:][\w:]*(?![\w:]|\s*\()/g;
const WORDS = new Set([
  'and',
  'or',
  'unless',
  'atan2',
  'bool',
  'offset',
  'group_left',
  'group_right',
  'inf',
  'nan',
]);

/** The names of the series that an expression reads, including recorded ones. */
export function seriesNamedIn(expression: string): string[] {
  const bare = [STRINGS, COMMENTS, SELECTORS, RANGES, LABEL_LISTS].reduce(
    (text, pattern) => text.replace(pattern, ' '),
    expression,
  );
  return [...new Set(bare.match(NAMES) ?? [])].filter((name) => !WORDS.has(name.toLowerCase()));
}

/** A counter that an expression reads over a range, and the values of labels that its selector names. */
export interface Counted {
  readonly name: string;
  readonly labels: Readonly<Record<string, readonly string[]>>;
}

/** The counters in `rate(…)` and `increase(…)`. */
export const countersIn = (expression: string): Counted[] =>
  [...expression.matchAll(/\b([a-z_]\w*)(?:\{([^{}]*)\})?\[/g)].map(([, name = '', selector = '']) => ({
    name,
    labels: Object.fromEntries(
      [...selector.matchAll(/(\w+)=~?"([^"]*)"/g)].map(([, label = '', values = '']) => [
        label,
        values.split('|'),
      ]),
    ),
  }));
