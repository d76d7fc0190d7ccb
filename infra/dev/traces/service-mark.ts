import { html, type Html } from './html.ts';

/** `c0` to `c7`, fixed by the service's name. The four services of Switchboard get different ones. */
export const colourOf = (service: string): string =>
  `c${String(Buffer.from(service).reduce((sum, byte) => (sum * 33 + byte) % 1_009, 0) % 8)}`;

export const serviceMark = (service: string): Html =>
  html`<span class="service"><i class="${colourOf(service)}"></i>${service}</span>`;
