/** Markup that needs no escaping. Only `html` and `trusted` create it. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

export type Piece = Html | string | number | undefined | readonly Piece[];

/** Builds markup and escapes all values that are not `Html`. Attributes must be in double quotes. */
export const html = (parts: TemplateStringsArray, ...pieces: readonly Piece[]): Html =>
  new Html(parts.reduce((before, part, index) => before + markupOf(pieces[index - 1]) + part));

/** For the page's own style and script, which must not be escaped. */
export const trusted = (markup: string): Html => new Html(markup);

function markupOf(piece: Piece): string {
  if (piece === undefined) return '';
  if (piece instanceof Html) return piece.markup;
  if (typeof piece === 'object') return piece.map(markupOf).join('');
  return String(piece).replace(/[&<>"']/g, (character) => `&#${String(character.charCodeAt(0))};`);
}
