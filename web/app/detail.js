// One product, whole: what it looks like, why it is out of date, what it came from, who needs it, and back to the person.

import { api } from './api.js';
import { action, copy, run } from './actions.js';
import { button, h, paint } from './dom.js';
import { failure, folderOf, moment, person, product as productLink, productOf, reason, sentence, time, version } from './nouns.js';
import { askVouch, isDoubtful, marks, remarks, spoken } from './judged.js';
import { showLog } from './log.js';
import { go, link } from './route.js';
import { look, signsOf } from './signs.js';
import { isNote, shape, word } from './states.js';
import { runOf, store, stepTitle } from './store.js';
import { bytes, capital, count, frames, rangeOf, showRange } from './words.js';
import { visible, Wipe } from './wipe.js';

const section = (title, ...children) => [h('h3', title), ...children];

export class Detail {
  constructor(close) {
    this.parts = Object.fromEntries(['head', 'marks', 'trouble', 'picture', 'acts', 'because', 'from', 'used', 'strip', 'history',
      'why'].map(name => [name, h('div', { class: `part-${name}` })]));
    this.close = close;
    this.element = h('div.detail', Object.values(this.parts));
  }

  async show(ref) {
    if (this.ref !== ref) {
      Object.assign(this, { ref, answer: null, why: null, upTo: null, wipe: null, pair: null, seen: null });
      for (const part of Object.values(this.parts)) { part.replaceChildren(); part.painted = undefined; }
    }
    this.draw();
    await this.load();
  }

  /** Asks again when the product moved on; `store` says so by its status. */
  refresh(fact) {
    if (!this.ref) return;
    this.draw();
    if (JSON.stringify(store.products.get(this.ref)) !== this.seen || fact?.product === this.ref) this.load();
  }

  async load() {
    const ref = this.ref, status = store.products.get(ref);
    this.seen = JSON.stringify(status);
    const quietly = promise => promise.catch(error => ({ error }));
    const runnable = status && !['current', 'running', 'queued'].includes(status.state);
    const [answer, why, upTo] = await Promise.all([quietly(api.show(ref)), quietly(api.why(ref)),
      runnable ? quietly(api.plan(store.project, `+${ref}`)) : null]);
    if (this.ref !== ref) return;
    const fresh = answer.selected?.version !== this.answer?.selected?.version;
    Object.assign(this, { answer, why, upTo });
    if (fresh) this.views = new Map();
    this.draw();
    if (fresh && !answer.error) this.look(answer.versions[1]?.version, answer.selected.version);
  }

  draw() {
    const { ref, parts, answer } = this, status = store.products.get(ref) ?? answer?.status;
    const known = store.products, p = store.project, folder = folderOf(ref), now = status && runOf(status);
    const made = answer?.selected?.made?.step;
    paint(parts.head, [ref, status && [look(status), signsOf(status)], status?.number, status?.version, status?.step, made], () => [
      h('div.crumbs', h('nav', { 'aria-label': 'Where it is' },
        [p, ...folder.split('/').filter(Boolean)].map((name, i) => [i ? ' / ' : '', h('span', name)])),
        h('button.quiet.close', { type: 'button', 'aria-label': 'Close', title: 'Close (Esc)', onclick: this.close }, '×')),
      h('h2', status && shape(look(status), { silent: true }), h('span', productOf(ref)), status?.version && version(status.number, status.version)),
      status && h('p.dim', capital([word(look(status)), ...signsOf(status)].join(', ')), status.step ? ` · made by the step ${status.step}`
        : status.omitted && made ? ` · was made by the step ${made}` : ' · a source')]);
    paint(parts.marks, [status?.complete, status?.approved, status?.purged, status?.inPlace, status?.damaged, status?.frozen, status?.omitted,
      status?.missingFrames, status?.frames, store.folders.length, status?.reasons?.filter(isNote)], () => {
      const signs = marks(status);
      return [signs.length > 0 && h('ul.marks', signs), remarks(status)];
    });
    if (!answer) return;
    paint(parts.trouble, [answer.error?.problem, status?.failure, now?.failedTasks], () => [
      answer.error && !(answer.error.status === 404 && status) && failure({ ...answer.error.problem, what: answer.error.message }),
      status?.failure && [failure(status.failure), h('div.acts', button('Open the log', () => this.openLog(status)))]]);
    this.drawActs(status);
    const reasons = (status?.reasons ?? this.why?.reasons ?? []).filter(r => !isNote(r));
    paint(parts.because, [reasons, status?.ranges, status?.state, status?.reaction, known.size > 0], () => reasons.length > 0
      && section(status?.state === 'missing' ? 'Not there because' : status?.state === 'unknown' || status?.state === 'dubious'
      ? 'In doubt because' : status?.state === 'current' ? 'What is missing' : 'Out of date because',
      h('ol.plain', reasons.map(r => h('li', reason(r, p, known), reach(status, r)))),
      status?.reaction && h('p.dim', sentence(capital(status.reaction.text), p, known), '.')));
    if (answer.error) return;
    const { selected } = answer;
    paint(parts.from, [selected.madeFrom, selected.made, selected.version, states(selected.madeFrom.map(m => m.ref))],
      () => section('Made from', h('ul.plain.links',
      selected.madeFrom.map(m => h('li', dot(m.ref), productLink(m.ref, { near: folder }), version(m.number, m.version),
        m.now && h('small', 'now ', version(m.nowNumber, m.now)), m.frames && h('small', showRange(m.frames)))),
      !selected.madeFrom.length && h('li.dim', selected.made ? 'No inputs were recorded.'
        : h('span', 'Nothing: ', person(selected.actor), ' published it ', moment(selected.time), '.')),
      Object.entries(selected.made?.tools ?? {}).map(([name, tool]) => h('li', h('small', `${name} ${tool.line}`))),
      selected.made && h('li', h('small', `${stepTitle(selected.made.step)} step, `,
        h('a', { href: link({ view: 'plans', id: selected.made.plan }) }, selected.made.plan))))));
    paint(parts.used, [answer.usedBy, states(answer.usedBy)],
      () => answer.usedBy.length > 0 && section('Used by',
      h('ul.plain.links', answer.usedBy.map(r => h('li', dot(r), productLink(r, { near: folder }))))));
    paint(parts.strip, [status?.frames, status?.staleFrames, status?.ranges], () => strip(status));
    paint(parts.history, [answer.versions, answer.tags, this.pair], () => this.history());
    paint(parts.why, this.why?.chain ?? [], () => this.why?.chain?.length > 0 && section('Why it is there', h('ol.chain', this.why.chain.map(link_ =>
      h('li', time(link_.time), h('span', sentence(link_.text, p, known)))))));
  }

  drawActs(status) {
    const n = this.upTo?.runs?.length;
    paint(this.parts.acts, [n, this.upTo?.id, this.ref, status?.state, status?.freshness, status?.version], () => [h('div.acts',
      isDoubtful(status) && status.version && button('Vouch', () => askVouch(status), n > 0 ? '' : 'go'),
      n > 0 && action(n === 1 ? 'Run it' : `Run up to here (${n})`, () => run(this.upTo, { select: `+${this.ref}` }), 'go'),
      n > 0 && button('See what runs', () => go({ view: 'plans', id: null, select: `+${this.ref}`, at: null }))),
      h('div.acts.also', button('Copy its name', () => copy(this.ref, 'the name'), 'quiet'),
        button('Copy the fetch command', () => copy(`sluice fetch ${this.ref}`, 'the command'), 'quiet'))]);
  }

  async openLog(status) {
    const answers = await Promise.all(store.plans.filter(plan => plan.counts?.failed || plan.status === 'running').slice(0,
      3).map(plan => api.planOf(plan.id).catch(() => null)));
    const found = answers.flatMap(a => a?.progress?.runs ?? []).find(r => r.step === status.step && r.folder === status.folder
      && r.failedTasks?.length);
    if (found) showLog(found.failedTasks, { title: `${status.step} on ${status.folder}`, failure: status.failure });
    else go({ view: 'plans', id: store.plans.find(plan => plan.counts?.failed)?.id ?? null });
  }

  /** Shows version `b`, wiped over `a` when there is one. */
  async look(a, b) {
    const ref = this.ref;
    const view = async id => {
      if (!id) return null;
      if (!this.views.has(id)) this.views.set(id, id === this.answer.selected.version ? this.answer.selected
        : (await api.show(`${ref}@${id}`).catch(() => null))?.selected);
      const selected = this.views.get(id);
      return selected && { view: visible(selected, store.products.get(ref)?.preview), number: selected.number, version: id };
    };
    const [left, right] = [await view(a), await view(b)];
    if (this.ref !== ref || !right?.view) return;
    this.pair = [a, b];
    this.wipe ??= new Wipe();
    const { versions } = this.answer;
    const pick = (label, chosen, choose) => h('label', h('span', label),
      h('select', { 'data-key': label, onchange: event => choose(event.target.value || null) },
      versions.length > 1 && label === 'Before' && h('option', { value: '' }, 'nothing'),
        versions.map(v => h('option', { value: v.version, selected: v.version === chosen },
        `${v.number ? 'v' + String(v.number).padStart(3, '0') : v.version}`))));
    paint(this.parts.picture, [ref, versions.map(v => v.version), this.pair], () => [this.wipe.element,
      versions.length > 1 && h('div.pair', pick('Before', a, v => this.look(v, b)), pick('After', b, v => this.look(a, v)))]);
    this.wipe.show(left, right);
    this.draw();
  }

  history() {
    const tags = new Map();
    for (const [tag, id] of Object.entries(this.answer.tags ?? {})) tags.set(id, [...tags.get(id) ?? [], tag]);
    return section('History', h('ol.plain.history', this.answer.versions.map((v, i) => h('li',
      h('button.quiet', { type: 'button', title: `Look at it (${v.version})`,
        'aria-pressed': String(this.pair?.[1] === v.version),
        onclick: () => this.look(this.answer.versions[i + 1]?.version, v.version) }, version(v.number, v.version)),
      h('div', h('p', h('b', person(v.actor)), ' ', time(v.time), shownTags(v, tags).map(tag => h('span.tag', tag))), spoken(v.judged),
        v.note && h('p', `“${v.note}”`), h('p.dim', [v.changed
          && (v.changed === v.frames ? 'all frames changed' : `${showRange(v.changed)} changed`), count(v.files, 'file'),
          bytes(v.bytes), v.purged && 'files dropped', v.inPlace && 'in place', v.damaged && 'damaged'].filter(Boolean).join(' · ')))))));
  }
}

/** The tag `approved` stays where a verdict was taken back, or became another one: then the verdict is what counts. */
const shownTags = (v, tags) => (tags.get(v.version) ?? []).filter(tag => tag !== 'approved' || !v.judged);
const stateOf = ref => store.products.has(ref) ? look(store.products.get(ref)) : 'unknown';
const states = refs => refs.map(stateOf);
const dot = ref => shape(stateOf(ref));

/** The frames that a reason is about, where others have another one. */
function reach(status, r) {
  const bad = (status?.ranges ?? []).filter(range => range.freshness !== 'current'), index = status?.reasons?.indexOf(r) ?? -1;
  const own = bad.filter(range => range.reasons.includes(index));
  if (!own.length || own.length === bad.length) return null;
  return h('small', ' ', count(frames(all(own)).length, 'frame'), ': ', showRange(all(own)));
}

/** The frames of several ranges as one, in order: `1001-1004,1008`. */
const all = ranges => rangeOf(ranges.flatMap(range => frames(range.frames)));

const badly = { stale: 'out of date', dubious: 'need a person', missing: 'not there', unknown: 'not recorded' };

/** Each frame as a mark: whole when it matches, half when it is out of date, empty when it is not there. */
function strip(status) {
  const ranges = status?.ranges ?? [{ frames: status?.frames ?? '', freshness: 'current' }];
  const marks = ranges.flatMap(range => frames(range.frames).map(frame => ({ frame, freshness: range.freshness })))
    .sort((a, b) => a.frame - b.frame);
  if (marks.length < 2 || marks.length > 2000) return null;
  const told = Object.entries(badly).map(([freshness, words]) => {
    const own = ranges.filter(range => range.freshness === freshness);
    const n = own.reduce((sum, range) => sum + frames(range.frames).length, 0);
    return n && (n === marks.length ? `all ${n} ${words}` : `${n} of ${marks.length} ${words}: ${showRange(all(own))}`);
  }).filter(Boolean);
  const said = told.join('; ') || `${count(marks.length, 'frame')}, all current`;
  return section('Frames', h('div.strip', { role: 'img', 'aria-label': said },
    marks.map(({ frame, freshness }) => h('i', { class: freshness === 'current' ? '' : freshness, title: frame }))),
    h('p.dim.ends', h('span', marks[0].frame), h('span', said), h('span', marks.at(-1).frame)));
}
