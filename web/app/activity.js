// What happened, in plain words, newest first. Tasks of one run that follow each other are one line.

import { api } from './api.js';
import { button, h, paint } from './dom.js';
import { showLog } from './log.js';
import { inProject, person, product, productOf, sentence, version } from './nouns.js';
import { outcomes } from './progress.js';
import { go, link, read } from './route.js';
import { store, typeOf } from './store.js';
import { bytes, count, dayOf, duration, showRange, timeOfDay, when } from './words.js';

const page = 100, most = 2000, near = 10 * 60 * 1000;    // events; milliseconds between facts on one line
const kinds = [['', 'Everything'], ['sluice.version.*', 'Versions'], ['sluice.product.*', 'Freezes and holds'], ['sluice.plan.*', 'Plans'],
  ['sluice.run.*', 'Runs'], ['sluice.task.*', 'Tasks'], ['sluice.pipeline.*', 'Pipeline'], ['sluice.folder.*', 'Folders'],
  ['sluice.tag.*', 'Tags'], ['sluice.subscription.*', 'Subscriptions']];

const planLink = (id, text = 'plan') => h('a', { href: link({ view: 'plans', id }) }, text);
const subject = e => e.product ? product(e.product) : h('span', e.folder || e.project || e.subject);
const where = e => e.folder !== undefined ? e.folder || e.project : e.product ? inProject(e.product) : '';

const who = e => h('b', e.actortrust === 'system' ? 'Sluice' : person(e.actor));
const the = e => [subject(e), ' ', h('span.v', e.data.version)];
const subscription = e => h('b', e.data.name);
const size = e => e.data.bytes !== undefined && h('span.dim', ` ${bytes(e.data.bytes)}`);

/** What each type of fact says; a type without words is a fact of a later Sluice. */
const tell = {
  'project.created': e => [h('b', person(e.actor)), ' began the project ', h('b', e.project)],
  'folder.changed': e => [h('b', person(e.actor)), e.data.omitted === true ? ' left out ' : e.data.omitted === false ? ' took back ' : ' set up ', h('span', e.folder),
    e.data.set && h('span.dim', ` ${Object.entries(e.data.set).map(([k, v]) => `${k} ${v}`).join(', ')}`)],
  'pipeline.applied': e => [h('b', person(e.actor)), ' applied the pipeline, revision ', e.data.revision],
  'version.published': e => [h('b', person(e.actor)), ' published ', subject(e), ' ', version(e.data.number, e.data.version),
    e.data.note && h('span.dim', ` “${e.data.note}”`), e.data.changed
    && e.data.changed !== store.products.get(e.product)?.frames && h('span.dim', ` frames ${showRange(e.data.changed)} changed`)],
  'version.numbered': e => [subject(e), ' ', h('span.v', e.data.version), ' is now ', version(e.data.number, e.data.version)],
  'version.hashed': e => ['the bytes of ', subject(e), ' ', h('span.v', e.data.version), ' in place were read'],
  'version.damaged': e => [subject(e), ' ', h('span.v', e.data.version), ' is damaged: ', e.data.first.path,
    e.data.first.now ? ' was changed where it lies' : ' is not there any more'],
  'version.purged': e => [who(e), ' dropped the files of ', the(e), size(e), said(e)],
  'version.restored': e => ['the files of ', the(e), ' were brought back by a ', planLink(e.data.plan), size(e)],
  'casting.changed': e => [h('b', person(e.actor)), ' cast ', h('span', e.folder), ': ',
    h('span.dim', [...(e.data.add ?? []).map(a => `+${a}`), ...(e.data.remove ?? []).map(a => `-${a}`)].join(' '))],
  'tag.moved': e => [h('b', person(e.actor)), ' set ', h('span.tag', e.data.tag), ' on ', subject(e), ' ', h('span.v', e.data.version)],
  'version.judged': e => [h('b', person(e.actor)), { approved: ' approved ', rejected: ' rejected ' }[e.data.verdict]
    ?? ' took back what was said of ', subject(e), ' ', h('span.v', e.data.version), said(e)],
  'version.vouched': e => [h('b', person(e.actor)), ' vouched for ', subject(e), ' ', h('span.v', e.data.version), said(e)],
  'product.frozen': e => [h('b', person(e.actor)), e.data.at ? [' froze ', subject(e), ' at ', h('span.v', e.data.at)]
    : [' let changes of ', subject(e), ' in again'], said(e)],
  'product.held': e => [h('b', person(e.actor)), e.data.held ? [' holds ', subject(e), ' against its step']
    : [' let the step make ', subject(e), ' again'], said(e)],
  'plan.proposed': e => [h('b', 'Sluice'), ' proposed a ', planLink(e.data.plan),
    `: ${count(e.data.runs, 'run')}, ${count(e.data.tasks, 'task')}`],
  'plan.declined': e => [h('b', person(e.actor)), ' declined the ', planLink(e.data.plan, 'proposal'),
    e.data.because && h('span.dim', ` “${e.data.because}”`)],
  'plan.superseded': e => ['nothing was left to do of the ', planLink(e.data.plan, 'proposal')],
  'plan.applied': e => [h('b', e.actortrust === 'system' ? 'Sluice' : person(e.actor)), ' started a ', planLink(e.data.plan),
    e.actortrust === 'system' && ' by itself',
    `: ${count(e.data.runs, 'run')}, ${count(e.data.tasks, 'task')}`],
  'plan.finished': e => ['the ', planLink(e.data.plan), ` ${e.data.outcome}`,
    outcomes(e.data.counts) && h('span.dim', ` ${outcomes(e.data.counts)}`)],
  'run.started': e => [`${e.data.step} started on `, h('span', where(e)),
    h('span.dim', ` ${count(e.data.tasks, 'task')}${e.data.attempt > 1 ? `, attempt ${e.data.attempt}` : ''}`)],
  'run.finished': e => [`${e.data.step} ${e.data.outcome} on `, h('span', where(e)),
    e.data.failure ? [': ', sentence(e.data.failure.what, e.project, store.products)]
    : h('span.dim', ` ${duration(e.data.seconds ?? 0)}${e.data.reused ? `, ${e.data.reused} reused` : ''}`)],
  'task.finished': e => [e.data.step, ' task ', e.data.frames && `of ${showRange(e.data.frames)} `, `${e.data.outcome} on `, h('span', where(e)), ' ', logButton([e.data.task], e)],
  'task.retried': e => [`task ${e.data.task.split('.')[1]} is run again on `, h('span', where(e)), ': ',
    sentence(e.data.failure.what, e.project, store.products)],
  'queue.changed': e => [h('b', person(e.actor)), e.data.tier ? ` put a run into the tier ${e.data.tier}: `
    : e.data.passed ? ' lets the rest be made after a look: ' : e.data.paused ? ' paused ' : ' goes on with ', h('span', where(e))],
  'agent.changed': e => [h('b', e.actortrust === 'system' ? 'Sluice' : person(e.actor)),
    ` made the agent ${e.data.agent} ${e.data.standing}`],
  outside: e => [h('b', person(e.actor)), ' sent ', h('span', e.type), ' ', subject(e)],
  'subscription.created': e => [who(e), ' subscribed ', subscription(e), ' to ',
    e.data.types.length ? e.data.types.map((type, i) => [i ? ', ' : '', h('span', type)]) : 'everything'],
  'subscription.paused': e => [who(e), e.data.paused ? ' paused the subscription ' : ' let the subscription go on: ', subscription(e)],
  'subscription.reset': e => [who(e), ' sent the subscription ', subscription(e), ' to another place in the log'],
  'subscription.deleted': e => [who(e), ' ended the subscription ', subscription(e)],
  'replay.requested': e => [who(e), ` asked for ${count(e.data.count, 'event')} again for the subscription `, subscription(e), said(e)],
  'person.erased': e => [who(e), ' had a name forgotten; who had it is ', h('b', e.data.alias)],
  'token.created': e => [h('b', person(e.actor)), ' made a token for ', e.data.name],
};
const said = e => e.data.because && h('span.dim', ` “${e.data.because}”`);
const logButton = (tasks, e) => h('button.quiet.small', { type: 'button',
  onclick: () => showLog(tasks, { title: `Task on ${where(e)}`, failure: e.data.failure }) }, 'log');

/** What may share a line: tasks of a run, and the same done to many folders. Failures stand alone. */
function foldKey(e) {
  const type = typeOf(e), { data } = e;
  if (data.outcome === 'failed') return null;
  if (type === 'task.finished') return `${type} ${data.task.split('.')[0]}`;
  if (type === 'version.published') return [type, e.actor, productOf(e.product), data.note, data.made?.plan].join(' ');
  if (type === 'version.purged' || type === 'version.restored') return [type, e.actor, data.because, data.plan].join(' ');
  if (type.startsWith('run.')) return [type, data.plan, data.step, data.outcome].join(' ');
  return null;
}

function told(events) {
  const [e] = events, type = typeOf(e), n = events.length;
  if (n === 1) return (tell[type] ?? (x => [who(x), ' recorded ', h('span', x.type), ' ', subject(x)]))(e);
  if (type === 'task.finished') return [`${count(n, 'task')} finished on `, h('span', where(e)), ' ', logButton(events.map(t => t.data.task), e)];
  const names = events.slice(0, 3).map((x, i) => [i ? ', ' : '',
    x.product ? product(x.product, { text: x.folder || inProject(x.product) }) : x.folder]);
  const rest = n > 3 ? ` and ${n - 3} more` : '';
  if (type === 'version.purged') return [who(e), ` dropped the files of ${count(n, 'version')}: `, names, rest, said(e)];
  if (type === 'version.restored') return [`the files of ${count(n, 'version')} were brought back by a `, planLink(e.data.plan), ': ', names, rest];
  if (type !== 'version.published') return [`${e.data.step} ${type === 'run.started' ? 'started' : e.data.outcome} on ${n} folders: `, names, rest];
  return [h('b', person(e.actor)), ` published ${n} × ${productOf(e.product)}: `, names, rest, e.data.note && h('span.dim', ` “${e.data.note}”`)];
}

/** Events as lines, newest first. Runs work side by side, so a fact folds into any line still near, not only the last. */
export function lines(events) {
  const out = [];
  for (const e of events) {
    const key = foldKey(e), into = key && out.slice(-8).find(line => line.key === key
      && Date.parse(line.events.at(-1).time) - Date.parse(e.time) < near);
    if (into) into.events.push(e); else out.push({ key, events: [e] });
  }
  return out.map(({ events: all }) => h('li', h('time', { datetime: all[0].time, title: new Date(all[0].time).toLocaleString() },
    dayOf(all[0].time) === 'Today' ? timeOfDay(all[0].time) : when(all[0].time)), h('p', told(all))));
}

/** The newest few, beside the board. */
export class Recent {
  constructor() { this.element = h('section.recent', { 'aria-label': 'Lately' }); }
  draw = () => paint(this.element, store.recent.map(e => e.position), () => [h('h2', 'Lately'), h('ol.events', lines(store.recent).slice(0, 16)),
    h('p', h('a', { href: link({ view: 'activity', id: null }) }, 'All activity'))]);
}

export class Activity {
  constructor() {
    this.pick = h('select', { 'aria-label': 'Kind', onchange: event => go({ view: 'activity', type: event.target.value }) },
      kinds.map(([value, text]) => h('option', { value }, text)));
    this.list = h('div.days', { 'aria-live': 'off' });
    this.foot = h('div.acts');
    this.element = h('div.activity', h('div.title', h('h1', 'Activity'), this.pick), this.list, this.foot);
    this.events = [];
  }

  draw = (parts, fact) => {
    const { type } = read(), key = `${store.project} ${type}`;
    this.pick.value = type;
    if (this.key !== key) { this.key = key; this.events = []; this.limit = page; this.load(); }
    else if (fact && matches(fact, type) && !this.events.some(e => e.position === fact.position)) { this.events.unshift(fact); this.limit++; }
    this.show();
  };

  async load() {
    const key = this.key, events = await api.events({ project: store.project, type: read().type, last: this.limit }).catch(() => null);
    if (this.key !== key || !events) return;
    this.events = events.reverse();
    this.show();
  }

  show() {
    paint(this.list, [this.key, this.events.map(e => e.position)], () => {
      const days = new Map();
      for (const e of this.events) days.set(dayOf(e.time), [...days.get(dayOf(e.time)) ?? [], e]);
      return [...days].map(([day, events]) => h('section', h('h2', day), h('ol.events', lines(events))));
    });
    const more = this.events.length >= this.limit && this.limit < most;
    paint(this.foot, [more, this.events.length === 0], () => more
      ? button('Show more', () => { this.limit += page; this.load(); }) : this.events.length ? []
      : h('p.dim', 'Nothing of this kind happened yet.'));
  }
}

const matches = (fact, glob) => !glob || fact.type.startsWith(glob.replace(/\*$/, ''));
