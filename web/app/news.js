// The sentence first: what changed, who did it, what it touches, what stays, what it costs, and the one thing to do.

import { api } from './api.js';
import { action, cancel, retry, run } from './actions.js';
import { button, h, paint, settle } from './dom.js';
import { showLog } from './log.js';
import { failure, inProject, moment, person, product, productOf, reason, sentence, ticks, version } from './nouns.js';
import { estimate, meter, outcomes, progressFacts } from './progress.js';
import { go, link } from './route.js';
import { kept } from './judged.js';
import { declineWords, decisions, notes, standingDecline } from './proposals.js';
import { isNote, order, shape, word } from './states.js';
import { runningPlans, store } from './store.js';
import { capital, count, duration, listing, verb } from './words.js';

/** The roots of a plan: what moved by itself, not because something else did. */
export function causes(plan) {
  const found = new Map();
  for (const run of plan.runs) for (const r of run.reasons) {
    if (r.kind === 'upstream' || r.kind === 'missingFrames') continue;
    const key = ['input', 'reference', 'range', 'step', 'event', 'tool'].includes(r.kind) ? `${r.kind} ${r.input} ${r.now ?? ''}` : r.kind;
    if (!found.has(key)) found.set(key, { ...r, products: 0 });
    found.get(key).products += run.outputs.length;
  }
  const all = [...found.values()].sort((a, b) => b.products - a.products);
  // What a step made anew on the way is no news: the news is what a person brought.
  return all.filter(c => c.kind !== 'input' || !store.products.get(c.input)?.step);
}

// Reasons of a run whose product matches, or is not there at all.
const noChange = new Set(['missingInput', 'purged', 'forced', 'missingFrames']);
const isOutOfDate = run => !run.reasons.some(r => r.kind === 'missing' || r.kind === 'unrecorded')
  && run.reasons.some(r => !noChange.has(r.kind) && !isNote(r));

/** How many products of a plan are out of date, as the board counts them: not what was never made, or only lost its files. */
const outOfDate = plan => plan.runs.filter(isOutOfDate).reduce((sum, run) => sum + run.outputs.length, 0);
const productsOf = plan => plan.runs.reduce((sum, run) => sum + run.outputs.length, 0);

const authors = new Map();
/** The fact behind a cause (a version, or the pipeline's last revision), asked for once. */
function author(cause, redraw) {
  const key = cause.kind === 'input' ? `${cause.input}@${cause.now}` : cause.kind === 'step' ? `pipeline ${store.proposal?.pipelineRevision}` : null;
  if (!key) return null;
  if (!authors.has(key)) {
    authors.set(key, null);
    const query = cause.kind === 'input' ? { ref: cause.input, type: 'sluice.version.published.v1', last: 20 }
      : { type: 'sluice.pipeline.applied.v1', last: 1 };
    api.events({ project: store.project, ...query }).then(events => {
      authors.set(key, events.findLast(event => cause.kind !== 'input' || event.data.version === cause.now) ?? null);
      redraw();
    }, () => authors.delete(key));
  }
  return authors.get(key);
}

const heads = {
  input: c => `${inProject(c.input)} changed`, reference: c => `${inProject(c.input)} changed`,
  range: c => `The range of ${inProject(c.input)} changed`,
  step: c => `The step ${c.input ?? ''} changed`, event: c => `${c.input ?? 'An event'} came in`, tool: c => `${c.input ?? 'A tool'} changed`,
  missing: (c, n) => `${capital(count(n, 'product'))} ${verb(n, 'is', 'are')} not made yet`,
  missingInput: () => 'An input is missing', frames: () => 'The frame range changed',
  cast: c => `The cast changed: ${inProject(c.input)}`, omitted: c => `${inProject(c.input)} is left out`,
  order: () => 'The order of the cut changed',
  partial: (c, n) => `${count(n, 'product')} ${verb(n, 'is', 'are')} made only in part`,
  forced: () => 'Somebody wants it made anew',
  purged: (c, n) => `${count(n, 'product')} ${verb(n, 'is', 'are')} brought back`,
    unrecorded: (c, n) => `${count(n, 'product')}: what they were made from is not known`,
};

function headline(all, plan) {
  const n = productsOf(plan);
  if (!all.length) return `${count(n, 'product')} ${verb(n, 'is', 'are')} out of date`;
  if (all.length === 1) return (heads[all[0].kind] ?? heads.partial)(all[0], all[0].products);
  const changes = all.filter(c => ['input', 'reference', 'range', 'step', 'event', 'tool'].includes(c.kind));
  if (changes.length === 1) return heads[changes[0].kind](changes[0]);
  return changes.length ? `${changes.length} things changed`
    : `${count(n, 'product')} ${verb(n, 'is', 'are')} to be made`;
}

function told(cause, redraw) {
  const fact = author(cause, redraw);
  if (cause.kind === 'input' && fact) return [h('b', person(fact.actor)), ' published ', product(cause.input), ' ',
    version(fact.data.number, cause.now), ' ', moment(fact.time),
    fact.data.note && `, “${fact.data.note}”`, '. '];
  if (cause.kind === 'step' && fact) return [h('b', person(fact.actor)), ` changed the step ${cause.input ?? ''} `, moment(fact.time), '. '];
  if (['input', 'reference', 'range', 'step', 'event', 'tool'].includes(cause.kind)) return [reason(cause, store.project, store.products), '. '];
  if (cause.kind === 'missing') return `${count(cause.products, 'product')} ${verb(cause.products, 'was', 'were')} never made. `;
  return [`${count(cause.products, 'product')}: `, reason(cause, store.project, store.products), '. '];
}

/** What the plan leaves alone, named when it is all of one step. */
function untouched(plan) {
  if (!plan.untouched) return null;
  const touched = new Set(plan.runs.flatMap(run => run.outputs));
  const rest = [...store.products.values()].filter(p => p.step && !touched.has(p.ref));
  const steps = [...new Set(rest.map(p => p.step))], named = steps.length === 1 && rest.length === plan.untouched;
  return [h('b', count(plan.untouched, named ? `${steps[0]} product` : 'product')), verb(plan.untouched, ' stays as it is.', ' stay as they are.')];
}

export const costFacts = plan => {
  const cost = estimate(plan.runs, store.health?.workers);
  const tasks = plan.runs.reduce((sum, run) => sum + run.tasks, 0);
  return [[plan.runs.length, plan.runs.length === 1 ? 'run' : 'runs'], [tasks, tasks === 1 ? 'task' : 'tasks'],
    cost ? ['', cost.partly ? 'at least ' : 'about ', duration(cost.seconds),
      ` on ${count(store.health?.workers ?? 1, 'worker')}`] : ['', 'no estimate: this never ran before']];
};
/** Facts are `[figure, words]` or `['', before, figure, after]`. */
export const factRow = facts => facts.map(([n, a, b, c]) => h('span', n === '' ? [a, b && h('b', b), c] : [h('b', n.toLocaleString('en')), ' ', a]));

function proposalNotice(plan, redraw, waits = null) {
  const all = causes(plan), n = plan.runs.length, off = outOfDate(plan);
  const isOwn = !waits && plan.runs.every(r => store.products.get(r.outputs[0])?.reaction?.kind === 'auto');
  return { id: 'proposal', state: all.every(c => c.kind === 'missing') ? 'missing' : 'stale', title: headline(all, plan),
    body: [all.length > 1 && h('ul', all.slice(0, 4).map(c => h('li', told(c, redraw))),
      all.length > 4 && h('li', h('a', { href: link({ view: 'plans', id: null }) }, count(all.length - 4, 'more reason')))),
      h('p', all.length === 1 && told(all[0], redraw), off > 0 && [h('b', count(off, 'product')),
        ` no longer ${verb(off, 'matches', 'match')} ${all.length === 1 ? 'it' : `what ${verb(off, 'it was', 'they were')} made from`}. `], untouched(plan)),
      notes(plan), isOwn && h('p', 'Sluice runs this by itself as soon as changes have come to rest.')],
    facts: costFacts(plan), key: [plan.id, n, Boolean(waits), isOwn],
    acts: () => [!isOwn && (waits ? decisions(plan) : action(n === 1 ? 'Run it' : `Run these ${n}`, () => run(plan), 'go')),
      button('See the plan', () => go({ view: 'plans', id: null }))].flat() };
}

/** Nobody is asked again: it is said once more, and can be run all the same. */
function declinedNotice(state, plan) {
  const n = plan.runs.length, off = outOfDate(plan) || productsOf(plan);
  return { id: 'declined', state: 'stale', title: `${capital(count(off, 'product'))} ${verb(off, 'stays', 'stay')} out of date`, key: [state.id, plan.id, n],
    body: [h('p', declineWords(state), 'It is proposed again when something that it is made from changes.')],
    acts: () => [button('See the proposal', () => go({ view: 'plans', id: state.id })),
      action(n === 1 ? 'Run it anyway' : `Run these ${n} anyway`, () => run(plan), 'quiet')] };
}

const failedPlans = new Map();
/** The newest failed plan that still stands behind a failed product, with its runs and logs. */
function failed(redraw) {
  const products = [...store.products.values()].filter(p => p.state === 'failed');
  if (!products.length) return null;
  const plan = store.plans.find(p => p.status === 'failed' || p.counts?.failed);
  // A plan that was tried again ends again, with other logs.
  const key = plan && `${plan.id} ${plan.finished ?? ''}`;
  if (key && !failedPlans.has(key)) {
    failedPlans.set(key, null);
    api.planOf(plan.id).then(answer => { failedPlans.set(key, answer); redraw(); }, () => failedPlans.delete(key));
  }
  const runs = (failedPlans.get(key)?.progress?.runs ?? []).filter(r => r.status === 'failed');
  return { products, plan, runs };
}

function failedNotice({ products, plan, runs }) {
  const [first] = products, why = first.failure ?? runs[0]?.failure;
  const logs = runs.flatMap(r => r.failedTasks ?? []);
  const title = products.length === 1 ? `${productOf(first.ref)} of ${first.folder || store.project} failed` : `${products.length} products failed`;
  return { id: 'failed', state: 'failed', title, key: [plan?.id, logs],
    body: [why && failure(why), products.length > 1 && h('p', listing(products.map(p => inProject(p.ref)), 4), '.')],
    acts: () => [plan && action('Try again', () => retry(plan.id), 'go'),
      logs.length > 0 && button('Open the log', () => showLog(logs, { title, failure: why })),
        plan && button('See the runs', () => go({ view: 'plans', id: plan.id }))] };
}

function runningNotice(plan) {
  const progress = store.progress.get(plan.id);
  return { id: plan.id, state: 'running', title: `Running ${count(plan.runs, 'run')}`, key: plan.id,
    body: [h('p', h('b', person(plan.actor)), ' started it ', moment(plan.applied), '.')], progress, facts: progress ? progressFacts(progress) : [],
    acts: () => [button('See the runs', () => go({ view: 'plans', id: plan.id })), action('Cancel', () => cancel(plan.id), 'quiet')] };
}

const inShow = () => [...store.products.values()].filter(p => !p.omitted);
const matching = all => all.length > 1 ? `All ${all.length.toLocaleString('en')} products match what they were made from. `
  : all.length ? 'The one product matches what it was made from. ' : '';
const leftAside = n => n > 0 && `${count(n, 'product')} of omitted folders ${verb(n, 'is', 'are')} left aside. `;

/** What nothing is made from until somebody publishes it anew. */
function damagedNotice(damaged) {
  const [first] = damaged, n = damaged.length, others = inShow().filter(p => !p.damaged);
  return { id: 'damaged', state: 'damaged', title: n === 1 ? `${inProject(first.ref)} is damaged` : `${n} products are damaged`,
    key: damaged.map(p => p.ref),
    body: [h('ul', damaged.slice(0, 6).map(p => h('li', n > 1 && [product(p.ref), ': '], sentence(p.damaged, store.project, store.products), '.')),
      n > 6 && h('li', `and ${n - 6} more`)),
      h('p', `Nothing is made from ${verb(n, 'it', 'them')} until ${verb(n, 'it is', 'they are')} published anew.`,
        others.length > 0 && others.every(p => p.state === 'current') && ' Everything else is current.')],
    acts: () => n === 1 ? [button('Look at it', () => go({ view: 'show', at: first.ref }))] : [] };
}

/** How many match, and how the others stand. */
function tally(all, off) {
  const of = state => off.filter(p => p.state === state).length;
  const others = order.filter(of).map(state => {
    const n = of(state), is = state === 'dubious' ? '' : `${verb(n, 'is', 'are')} `;
    return `${n} ${is}${state === 'unknown' ? 'of unknown origin' : word(state, n)}`;
  });
  return `${all.length - off.length} of ${count(all.length, 'product')} match what they were made from; ${listing(others, 9)}. `;
}

function calmNotice(plan) {
  const last = store.plans.find(p => p.finished), all = inShow(), off = all.filter(p => p.state !== 'current'), n = off.length;
  const ended = last && ['The last plan ended ', moment(last.finished), last.counts && outcomes(last.counts) ? `: ${outcomes(last.counts)}.` : '.'];
  return { id: 'calm', state: n ? off[0].state : 'current', key: [last?.id, plan?.frozen, plan?.held],
    title: n ? `${count(n, 'product')} ${verb(n, 'is', 'are')} not current` : 'Everything is current',
    body: [h('p', n ? tally(all, off) : matching(all), leftAside(store.products.size - all.length), ended), kept(plan ?? {})],
    acts: () => last ? [h('a.button', { href: link({ view: 'plans', id: last.id }) }, 'See its runs')] : [] };
}

function emptyNotice() {
  const p = store.project;
  const step = (text, command) => h('li', h('p', text), h('pre', h('code', command)));
  return { id: 'empty', state: 'missing', title: store.steps ? `${p} waits for its first files` : `${p} has nothing in it yet`,
    key: p, acts: () => [],
    body: [h('p', 'Two commands begin it. This page draws itself as soon as they are heard.'), h('ol.begin',
      step('Say what the steps are and what each is made from:', 'sluice pipeline apply sluice.yaml'),
      step('Publish the first files; everything that can be made from them is then proposed:',
        `sluice publish ${p}/sq010/sh0010/plate plate.####.exr`))] };
}

function missingNotice(refs) {
  return { id: 'missing', state: 'missing', title: `${count(refs.length, 'source')} ${verb(refs.length, 'is', 'are')} missing`,
    key: refs, acts: () => [],
    body: [h('p', refs.slice(0, 8).map((ref, i) => [i ? ', ' : '', product(ref)]), refs.length > 8 && ` and ${refs.length - 8} more`, '. ',
      ...ticks(`What needs ${refs.length === 1 ? 'it' : 'them'} waits. Publish with \`sluice publish ${refs[0]} FILES\`.`))] };
}

function blockedNotice(blocked) {
  return { id: 'blocked', state: 'dubious', title: `${count(blocked.length, 'run')} cannot start`, key: blocked, acts: () => [],
    body: [h('ul', blocked.slice(0, 6).map(b => h('li', `${b.step} on ${b.folder || store.project}: `,
      sentence(b.text, store.project, store.products))))] };
}

/** What nothing runs, because a person makes it. */
function handNotice(byHand) {
  const n = byHand.length, only = n === 1 ? byHand[0] : null;
  return { id: 'hand', state: byHand.some(work => work.freshness === 'dubious') ? 'dubious' : byHand[0].freshness,
    title: only ? `${inProject(only.product)} needs a person` : `${n} products need a person`, key: byHand,
    body: [h('ul', byHand.slice(0, 6).map(work => h('li', only ? null : [product(work.product), ': '],
      sentence(work.text, store.project, store.products), '.')), n > 6 && h('li', `and ${n - 6} more`))],
    acts: () => only ? [button('Look at it', () => go({ view: 'show', at: only.product }))] : [] };
}

function notices(redraw) {
  const running = runningPlans(), plan = store.proposal, bad = failed(redraw), all = running.map(runningNotice);
  if (bad) all.push(failedNotice(bad));
  const damaged = inShow().filter(p => p.damaged);
  if (damaged.length) all.push(damagedNotice(damaged));
  // What failed is proposed again too, but said once.
  const said = new Set(bad?.products.map(p => p.ref));
  for (const run of bad ? plan?.runs ?? [] : []) if (run.reasons.some(r => said.has(r.via))) for (const ref of run.outputs) said.add(ref);
  const no = standingDecline();
  if (store.waiting) all.push(proposalNotice(store.waiting.plan, redraw, store.waiting.state));
  else if (!running.length && plan?.runs.some(run => !run.outputs.some(ref => said.has(ref))))
    all.push(no ? declinedNotice(no, plan) : proposalNotice(plan, redraw));
  if (!store.products.size) all.push(emptyNotice());
  else if (!all.length && !plan?.missing?.length && !plan?.blocked?.length && !plan?.byHand?.length) all.push(calmNotice(plan));
  if (plan?.byHand?.length) all.push(handNotice(plan.byHand));
  if (plan?.missing?.length) all.push(missingNotice(plan.missing));
  if (plan?.blocked?.length) all.push(blockedNotice(plan.blocked));
  return all;
}

export class News {
  constructor() {
    this.element = h('section.news', { 'aria-label': 'News' });
    this.shown = new Map();
  }

  draw = () => {
    const all = notices(this.draw);
    for (const [id, box] of this.shown) if (!all.some(n => n.id === id)) { box.remove(); this.shown.delete(id); }
    all.forEach((notice, i) => {
      if (!this.shown.has(notice.id)) this.shown.set(notice.id,
        h('article.notice', h('h1', { 'aria-live': 'polite' }), h('div.said'), meter(),
        h('div.doing', h('div.acts'), h('div.facts'))));
      const box = this.shown.get(notice.id);
      if (this.element.children[i] !== box) this.element.insertBefore(box, this.element.children[i] ?? null);
      const [title, said, bar, doing] = box.children;
      paint(title, [notice.state, notice.title], () => [shape(notice.state, { silent: true }), h('span', notice.title)]);
      settle(said, notice.body);
      bar.hidden = !notice.progress;
      if (notice.progress) bar.show(notice.progress.tasksDone, notice.progress.tasksTotal);
      paint(doing.firstChild, notice.key, notice.acts);
      paint(doing.lastChild, notice.facts ?? [], factRow);
    });
  };
}
