import { createHash } from 'node:crypto';
import type { Filter } from './filter.ts';
import { html, trusted, type Html } from './html.ts';
import { script } from './script.ts';
import { style } from './style.ts';

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Allows only the page's own style and script, and requests to this server. */
export const contentSecurityPolicy = [
  `default-src 'none'`,
  `style-src ${hashOf(style)}`,
  `script-src ${hashOf(script)}`,
  `connect-src 'self'`,
  `form-action 'self'`,
  `base-uri 'none'`,
  `frame-ancestors 'none'`,
].join('; ');

export interface Page {
  title: string;
  filter: Filter;
  content: Html;
  /** Whether the page refreshes itself. */
  live: boolean;
}

const nothing: Filter = { text: '', minMs: 0, errorsOnly: false };

/** Style and script are plain strings: a formatter would change their hashes, which the policy lists. */
export const documentOf = ({ title, filter, content, live }: Page): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${trusted(style)}</style>
${live ? html`<noscript><meta http-equiv="refresh" content="2"></noscript><script type="module">${trusted(script)}</script>` : undefined}
</head>
<body>
<header><a class="brand" href="/">Switchboard <span>traces</span></a>${filterForm(filter)}</header>
<main>${content}</main>
</body>
</html>
`.markup;

const filterForm = ({ text, minMs, errorsOnly }: Filter): Html => html`<form action="/">
<input type="search" name="q" value="${text}" placeholder="Trace id, name or attribute, such as switchboard.event=newMessage" aria-label="Search">
<label>at least <input type="number" name="min" min="0" step="any" value="${minMs > 0 ? minMs : ''}"> ms</label>
<label>${checkbox('errors', errorsOnly)} only errors</label>
<button>Filter</button>
</form>`;

const checkbox = (name: string, checked: boolean): Html =>
  checked
    ? html`<input type="checkbox" name="${name}" checked>`
    : html`<input type="checkbox" name="${name}">`;

/** A page with only a title and a sentence. */
export const messagePage = (title: string, sentence: string): string =>
  documentOf({
    title,
    filter: nothing,
    content: html`<h1>${title}</h1>
      <p class="muted">${sentence} <a href="/">All traces</a></p>`,
    live: false,
  });

export const pageWithoutFilter = (title: string, content: Html): string =>
  documentOf({ title, filter: nothing, content, live: false });
