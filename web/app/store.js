// What the page knows of one project, and which parts of it a fact makes worth asking for again.

import { api } from './api.js';
import { capital } from './words.js';

export const store = { health: null, projects: [], project: null, loaded: false, folders: [], steps: null, products: new Map(),
  plans: [], waiting: null, proposal: null, progress: new Map(), recent: [] };

const recentMost = 60;
const quiet = 60, longest = 400;      // milliseconds: gather facts that come together, but never wait long

const listeners = new Set();
/** `listener(parts, fact)` after each change: a set of part names, and the fact if one was heard. */
export const onChange = listener => listeners.add(listener);
const tell = (parts, fact) => { for (const listener of listeners) listener(new Set(parts), fact); };

export const runningPlans = () => store.plans.filter(plan => plan.status === 'running');
/** The run that works on a product now, from the progress of any plan. */
export function runOf(product) {
  for (const progress of store.progress.values())
    for (const run of progress.runs) if (run.step === product.step && run.folder === product.folder) return run;
}

const none = error => { if (error.status === 404) return null; throw error; };
const fetchers = {
  health: async () => { store.health = await api.health(); },
  projects: async () => { store.projects = await api.projects(); },
  folders: async p => keep(p, 'folders', await api.folders(p)),
  pipeline: async p => keep(p, 'steps', (await api.pipeline(p).catch(none))?.steps ?? null),
  status: async p => keep(p, 'products', new Map((await api.status(p)).products.map(product => [product.ref, product]))),
  proposal: async p => keep(p, 'proposal', await api.plan(p).catch(none)),
  recent: async p => {
    const before = new Set(store.recent);
    const told = (await api.events({ project: p, last: recentMost })).reverse();
    // What was heard while the answer was on its way may not be in it.
    const since = store.recent.filter(fact => !before.has(fact) && !told.some(known => known.position === fact.position));
    keep(p, 'recent', [...since, ...told].slice(0, recentMost));
  },
  plans: async p => {
    const plans = await api.plans(p);
    const running = plans.filter(plan => plan.status === 'running'), proposed = plans.find(plan => plan.status === 'proposed');
    const [waiting, ...answers] = await Promise.all([proposed, ...running].map(plan => plan && api.planOf(plan.id).catch(none)));
    if (p !== store.project) return;
    store.plans = plans;
    // `waiting.plan` is what a person is asked about; `proposal` is all that could be run, whether asked about or not.
    store.waiting = waiting?.state?.status === 'proposed' ? waiting : null;
    for (const id of store.progress.keys()) if (!running.some(plan => plan.id === id)) store.progress.delete(id);
    answers.forEach((answer, i) => answer?.progress && store.progress.set(running[i].id, answer.progress));
  },
};
function keep(project, part, value) {
  if (project === store.project) store[part] = value;
}

const concerns = {
  'project.created': ['projects'],
  'folder.changed': ['folders', 'status', 'proposal', 'projects'],
  'pipeline.applied': ['pipeline', 'folders', 'status', 'proposal', 'projects'],
  'version.published': ['status', 'proposal'],
  'version.judged': ['status', 'proposal'],
  'version.vouched': ['status', 'proposal'],
  'version.numbered': ['status'],
  'version.purged': ['status', 'proposal'],
  'version.restored': ['status', 'proposal'],
  'tag.moved': ['status', 'proposal'],
  'version.hashed': ['status', 'proposal'],
  'version.damaged': ['status', 'proposal'],
  'product.frozen': ['status', 'proposal'],
  'product.held': ['status', 'proposal'],
  'casting.changed': ['status', 'proposal'],
  'plan.proposed': ['plans', 'status'],
  'plan.declined': ['plans', 'status'],
  'plan.superseded': ['plans', 'status'],
  'plan.applied': ['plans', 'status', 'proposal'],
  'plan.finished': ['plans', 'status', 'proposal'],
  'run.started': ['status'],
  'run.finished': ['status'],
};
/** A fact's type without its version; of all that other tools sent, one. */
export const typeOf = event => event.recordedtime ? 'outside' : event.type.replace(/^sluice\./, '').replace(/\.v\d+$/, '');

let trouble = () => {};
export const onTrouble = handler => { trouble = handler; };

const dirty = new Set();
let timer = null, since = 0, busy = false;

export function touch(...parts) {
  for (const part of parts) dirty.add(part);
  if (!dirty.size) return;
  since ||= performance.now();
  clearTimeout(timer);
  timer = setTimeout(flush, Math.max(0, Math.min(quiet, since + longest - performance.now())));
}

async function flush() {
  // One question at a time: what came meanwhile, or while a project is loaded whole, is asked right after.
  if (busy || store.project && !store.loaded) return;
  busy = true; since = 0;
  const parts = [...dirty];
  dirty.clear();
  // A proposal is worth nothing while a plan changes what it is about.
  const wanted = parts.filter(part => part !== 'proposal' || !runningPlans().length || parts.includes('plans'));
  try {
    await Promise.all(wanted.map(part => fetchers[part](store.project)));
    trouble(null);
  } catch (error) { trouble(error); }
  busy = false;
  tell(wanted);
  if (dirty.size) touch();
}

/** Loads a project whole; after `first`, for a view that needs nothing of it. */
export async function open(project, first = null) {
  Object.assign(store, { project, loaded: false, folders: [], steps: null, products: new Map(), plans: [], waiting: null, proposal: null, recent: [] });
  store.progress.clear();
  dirty.clear();
  const known = store.projects.find(p => p.name === project);
  await first?.();
  if (project !== store.project) return;
  const parts = ['folders', 'status', 'proposal', 'recent', 'plans', ...(known?.pipelineRevision ? ['pipeline'] : [])];
  await Promise.all(parts.map(part => fetchers[part](project)));
  if (project !== store.project) return;
  store.loaded = true;
  tell(['all']);
  touch();
}

export async function begin() {
  await Promise.all([fetchers.health(), fetchers.projects()]);
}

export function hearFact(fact) {
  const type = typeOf(fact);
  if (type === 'project.created') touch('projects');
  if (fact.project !== store.project) return;
  if (!store.recent.some(known => known.position === fact.position)) store.recent = [fact, ...store.recent].slice(0, recentMost);
  touch(...(concerns[type] ?? []));
  if (store.loaded) tell(['recent'], fact);
}

export function hearProgress(progress) {
  if (progress.project !== store.project || !store.loaded) return;
  const before = new Set(store.progress.get(progress.id)?.runs.filter(run => run.status === 'running').map(run => run.id));
  // What a run does is said by no fact; its first task makes its products look different.
  if (progress.runs.some(run => run.status === 'running' && !before.has(run.id))) touch('status');
  if (progress.status === 'running') store.progress.set(progress.id, progress);
  if (progress.status === 'running' ? !store.plans.some(plan => plan.id === progress.id && plan.status === 'running') : true) touch('plans');
  tell(['progress']);
}

/** The show in figures: `2 sequences · 6 shots`, by the types of its folders. */
export function census() {
  const types = new Map();
  for (const folder of store.folders) if (!folder.omitted) types.set(folder.type || 'folder', (types.get(folder.type || 'folder') ?? 0) + 1);
  return [...types];
}

/** Steps and sources in pipeline order, as the columns of a board: { product, step, title }. */
export function columns() {
  const made = (store.steps ?? []).flatMap(step => (step.outputs
    ?? []).map(output => ({ product: lastPart(output.product ?? output.name), step: step.name,
    title: step.outputs.length === 1 ? step.name : lastPart(output.product ?? output.name) })));
  const known = new Set(made.map(column => column.product));
  const inputs = (store.steps ?? []).flatMap(step => (step.inputs ?? []).map(input => lastPart(input.product ?? input.name)));
  const rank = product => { const i = inputs.indexOf(product); return i < 0 ? inputs.length : i; };
  const others = [...new Set([...store.products.values()].map(p => lastPart(p.ref)))].filter(name => !known.has(name))
    .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
  return [...others.map(product => ({ product, step: null, title: product })), ...made];
}
const lastPart = path => String(path).split('/').at(-1);
export const stepTitle = name => capital(name ?? 'source');
