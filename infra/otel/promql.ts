const STRINGS = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g;
const COMMENTS = /#.*/g;
const SELECTORS = /\{[^{}]*\}/g;
const RANGES = /\[[^[\]]*\]/g;
const LABEL_LISTS = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)/g;
/** Not the letters of a number (5m, 1e3); not the name of a function. */
const NAMES = /(?<![\w:.])[A-Za-z_:][\w:]*(?![\w:]|\s*\()/g;
const WORDS = new Set(['and', 'or', 'unless', 'atan2', 'bool', 'offset', 'group_left', 'group_right', 'inf', 'nan']);

/** The names of the series that an expression asks for, recorded ones included. */
export function seriesNamedIn(expression: string): string[] {
  const bare = [STRINGS, COMMENTS, SELECTORS, RANGES, LABEL_LISTS].reduce((text, pattern) => text.replace(pattern, ' '), expression);
  return [...new Set(bare.match(NAMES) ?? [])].filter((name) => !WORDS.has(name.toLowerCase()));
}
