const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/**
 * The start of a text: at most `max` UTF-16 units, cut between two graphemes, and so never within a letter,
 * an emoji or a flag. A grapheme that is longer by itself is cut between two code points.
 */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const start = text.slice(0, max);
  const end = graphemes.segment(text).containing(max)?.index ?? 0;
  if (end > 0) return text.slice(0, end);
  return start.isWellFormed() ? start : start.slice(0, -1);
}
