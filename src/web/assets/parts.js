// What the page is built from. Values become text nodes, never markup.

export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ''));
  return element;
}

/** A link to the web, or only its text when the address is something else. */
export function link(text, url) {
  return /^https?:\/\//.test(url ?? '') ? el('a', { href: url, rel: 'noreferrer' }, text) : el('span', {}, text);
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' });

export const clockTime = (iso) => clock.format(new Date(iso));

/** A moment; with the date when it is not today, by the server's clock. */
export function time(iso, now) {
  if (!iso) return '–';
  const [at, today] = [new Date(iso), new Date(now)];
  const format = at.toDateString() === today.toDateString() ? clock : day;
  return el('time', { datetime: iso, title: full.format(at) }, format.format(at));
}

/** How long something has been going on; `tick` keeps it true. */
export const since = (iso, now) => el('span', { 'data-since': iso, class: 'quiet' }, duration(seconds(iso, now)));

export function tick(root, now) {
  for (const element of root.querySelectorAll('[data-since]')) {
    element.textContent = duration(seconds(element.dataset.since, now));
  }
}

const seconds = (iso, now) => Math.max(0, (new Date(now) - new Date(iso)) / 1000);

export function duration(total) {
  if (total === null || total === undefined) return '–';
  if (total < 60) return `${Math.floor(total)} s`;
  const minutes = Math.floor(total / 60);
  if (minutes < 60) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${Math.floor(minutes / 1440)} days`;
}

/**
 * A table with a caption. Rows are arrays of cells, the first of which names the row. On narrow screens each row
 * becomes a card, so each cell knows its heading, and the roles are spelled out.
 */
export function table(caption, headings, rows) {
  const head = headings.map((text) => el('th', { scope: 'col', role: 'columnheader' }, text));
  const body = rows.map((cells) => el('tr', { role: 'row' }, cells.map((cell, at) =>
    at === 0
      ? el('th', { scope: 'row', role: 'rowheader', 'data-label': headings[at] }, el('div', {}, cell))
      : el('td', { role: 'cell', 'data-label': headings[at] }, el('div', {}, cell)))));
  return el('table', { role: 'table' },
    el('caption', {}, caption),
    el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, head)),
    el('tbody', { role: 'rowgroup' }, body));
}

const PILLS = {
  requested: ['Being checked', 'wait'], awaiting_approval: ['Needs approval', 'warn'], queued: ['Queued', 'wait'], starting: ['Starting', 'run'],
  running: ['Running', 'run'], cancelling: ['Stopping', 'warn'], succeeded: ['Succeeded', 'good'],
  failed: ['Failed', 'bad'], cancelled: ['Cancelled', 'still'], invalid: ['Needs correction', 'warn'],
  rejected: ['Not approved', 'still'], approval_expired: ['Nobody approved', 'still'],
  timed_out: ['Timed out', 'bad'], lost: ['Lost', 'bad'],
  free: ['Free', 'still'], held: ['Held', 'run'], quarantined: ['Quarantined', 'bad'],
};

export function pill(status) {
  const [text, kind] = PILLS[status] ?? [status, 'still'];
  return el('span', { class: `pill ${kind}` }, text);
}
