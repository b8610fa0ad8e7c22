// What went wrong, in the server's words, at the top of the page; and small passing words at the bottom.

import { h, button } from './dom.js';
import { ticks } from './nouns.js';

const place = () => document.getElementById('troubles');

/** Shows an error of the API: what, where, how to fix, and its code. A `key` replaces the one shown before. */
export function trouble(error, { key = 'action', more = [] } = {}) {
  if (error.status === 401) return;      // the sign-in sheet is the answer
  calm(key);
  const p = error.problem ?? { title: error.message };
  const box = h('section.trouble', { 'data-trouble': key }, h('i.s.failed', { 'aria-hidden': 'true' }),
    h('div', h('p', h('b', p.title), p.code && [' ', h('span.v', p.code)]), p.at && h('p.dim', `at ${p.at}`),
      p.fix && h('p', 'To fix: ', ticks(p.fix)), more),
    button('Close', () => box.remove(), 'quiet'));
  place().append(box);
}

export function calm(key) {
  for (const box of place().querySelectorAll(`[data-trouble="${key}"]`)) box.remove();
}

export function toast(...children) {
  const line = h('p', children);
  document.getElementById('toasts').append(line);
  setTimeout(() => line.remove(), 6000);
}
