// The nouns of Sluice on the page: products, folders and versions, alone or found inside a sentence of the server.

import { h } from './dom.js';
import { link } from './route.js';
import { capital, isToday, versionName, when } from './words.js';

export const inProject = ref => ref.split('/').slice(1).join('/');
export const folderOf = ref => ref.split('/').slice(1, -1).join('/');
export const productOf = ref => ref.split('/').at(-1);

export const version = (number, id) => h('span.v', { title: id ?? '' }, versionName(number, id));

/** A link to a product. `near` is a folder whose name need not be said again. */
export function product(ref, { near, text } = {}) {
  const name = inProject(ref);
  return h('a', { href: link({ at: ref, project: ref.split('/')[0] }), 'data-key': ref, title: ref },
    text ?? (near && name.startsWith(near + '/') ? name.slice(near.length + 1) : name));
}

export const person = actor => typeof actor === 'string' ? actor : actor?.trust === 'system' ? 'Sluice' : actor?.name ?? 'someone';
export const time = iso => iso ? h('time', { datetime: iso, title: new Date(iso).toLocaleString() }, when(iso)) : null;

/** `at 14:23`, `on Mon 14:23`. */
export const moment = iso => [isToday(iso) ? 'at ' : 'on ', time(iso)];

const token = /(sluice:\/\/\/\S+|v-\d{8}-\d{6}-[a-z0-9]+(?:-\d\d)?|\bv\d{3,}\b|\b[pr]-[\w-]+|[\w.-]+(?:\/[\w.-]+)+)/g;

/** A sentence with its nouns as links: products that `known` has, versions as tags, plans as links. */
export function sentence(text, project, known) {
  return (text ?? '').split(token).map((part, i) => {
    if (i % 2 === 0) return part;
    if (/^v[-\d]/.test(part)) return h('span.v', part);
    const ref = [part, `${project}/${part}`].find(r => known.has(r));
    if (ref) return product(ref, { text: part });
    if (/^p-/.test(part)) return h('a', { href: link({ view: 'plans', id: part }) }, part);
    return part;
  });
}

/** One reason, complete: what moved, from which version to which, by whom. */
export const reason = (r, project, known) => sentence(r.text || `${r.input ?? 'something'} (${r.kind})`, project, known);

/** All reasons of one run, in words that hold for every run of its step: the first cause, and the kind of input it came through. */
export const because = (reasons, project, known) => reasons.map(r => sentence(
  r.via ? `${r.text.replace(/, through .*/, '')}, through ${r.via.split('/').pop()}` : r.text, project, known));

/** Frames stand beside the text of a failure: what, where, how to fix. */
export function failure(f) {
  return h('div.failure', h('p', h('b', /^[a-z]+ /.test(f.what) ? capital(f.what) : f.what), f.code && [' ', h('span.v', f.code)]),
    f.at && h('p.dim', `at ${f.at}`), f.fix && h('p', 'To fix: ', ticks(f.fix)));
}

/** Text where `a command` in backticks is set as code. */
export const ticks = text => (text ?? '').split(/`([^`]+)`/).map((part, i) => i % 2 ? h('code', part) : part);
