/** Refreshes the list in place, and keeps scroll position, input and selection. */
export const script = `
const every = 2000;
async function refresh() {
  if (document.hidden || String(getSelection()) !== '') return;
  const response = await fetch(location.href);
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  const [now, next] = [document, page].map((one) => one.getElementById('live'));
  if (now && next && now.innerHTML !== next.innerHTML) now.replaceWith(next);
}
setInterval(() => { refresh().catch(() => undefined); }, every);
`;
