// Plans: what would run and why, before it runs; what runs now; what ran and how it ended.

import { api } from './api.js';
import { action, cancel, retry, run, showPlan } from './actions.js';
import { button, h, paint } from './dom.js';
import { kept } from './judged.js';
import { costFacts, factRow } from './news.js';
import { failure, inProject, moment, person, product, because, sentence, time } from './nouns.js';
import { showLog } from './log.js';
import { decisions, fate, notes } from './proposals.js';
import { estimate, meter, outcomes, progressFacts } from './progress.js';
import { go, link, read } from './route.js';
import { runShape, runWord } from './states.js';
import { Sizes } from './sizes.js';
import { runningPlans, store } from './store.js';
import { calm, trouble } from './trouble.js';
import { capital, count, duration, showRange } from './words.js';

const byStep = runs => [...new Set(runs.map(run => run.step))].map(step => runs.filter(run => run.step === step));
const sum = (runs, key) => runs.reduce((total, run) => total + (run[key] ?? 0), 0);
const words = run => because(run.reasons, store.project, store.products).map((part, i) => [i ? '; ' : '', part]);

/** The reason that all runs of a step share, as they read it beside their own folder; null when they differ. */
function sharedReason(runs) {
  if (runs.length < 2) return null;
  const texts = new Set(runs.map(run => h('p', words(run)).textContent));
  if (texts.size !== 1) return null;
  const same = new Set(runs.map(run => run.reasons.map(r => r.input).join())).size === 1;
  return h('p.shared', h('span.dim', 'Because '), same ? words(runs[0]) : [...texts]);
}

const same = (a, b) => String(a.runs.map(unit).sort()) === String(b.runs.map(unit).sort());
const unit = run => `${run.step} ${run.folder} ${run.frames}`;

const where = (run, project) => run.outputs?.length === 1
  ? product(run.outputs[0], { text: run.folder || inProject(run.outputs[0]) }) : run.folder || project;

/** Runs of a plan that has not run, by step. */
function proposedRuns(plan) {
  return byStep(plan.runs).map(runs => {
    const cost = estimate(runs, 1), shared = sharedReason(runs);
    const size = `${count(runs.length, 'run')} · ${count(sum(runs, 'tasks'), 'task')}`;
    return h('details.step', { open: true },
      h('summary', h('b', runs[0].step), h('span.dim', cost ? `${size} · ${duration(cost.seconds)} of work` : size)), shared,
      h('ul.runs', runs.map(r => h('li', h('span.where', where(r, plan.project)), h('span', r.frames ? showRange(r.frames) : ''),
        h('span.dim', count(r.tasks, 'task')), h('span.dim', r.estimate ? duration(r.estimate.seconds) : 'never ran'),
        h('span.because', !shared && words(r))))));
  });
}

/** Runs of a plan under way or over, by step. */
function pastRuns(plan, progress) {
  const planned = new Map(plan.runs.map(r => [r.id, r]));
  return byStep(progress.runs).map(runs => {
    const shared = runs.every(r => planned.has(r.id)) ? sharedReason(runs.map(r => planned.get(r.id))) : null;
    return h('details.step', { open: true },
      h('summary', h('b', runs[0].step), h('span.dim', `${count(runs.length, 'run')} · ${sum(runs, 'tasksDone')} of ${count(sum(runs, 'tasksTotal'), 'task')}`)), shared,
      h('ul.runs.past', runs.map(r => h('li', h('span.where', runShape(r.status), where(planned.get(r.id) ?? r, plan.project)),
        h('span', capital(runWord(r.status))),
        h('span.dim', `${r.tasksDone} of ${r.tasksTotal}`, r.reused ? `, ${r.reused} reused` : ''),
        h('span.because', r.status === 'failed' ? failedRun(r) : !shared && planned.has(r.id) && words(planned.get(r.id)))))));
  });
}

const failedRun = r => [r.failure && failure(r.failure), h('div.acts',
  r.failedTasks?.length > 0 && button('Open the log', () => showLog(r.failedTasks, { title: `${r.step} on ${r.folder}`, failure: r.failure })),
  action('Try again', () => retry(r.id)))];

export class Plans {
  constructor() {
    this.waiting = h('section.waiting'); this.next = h('section.next'); this.now = h('section'); this.past = h('section'); this.one = h('section'); this.sizes = new Sizes();
    this.select = h('input', { id: 'select', placeholder: 'everything out of date', spellcheck: 'false', autocapitalize: 'off' });
    this.frames = h('input', { id: 'frames', placeholder: 'all', spellcheck: 'false', inputmode: 'numeric' });
    this.form = h('form.narrow', { onsubmit: event => { event.preventDefault(); go({ view: 'plans', id: null,
      select: this.select.value.trim(), frames: this.frames.value.trim() }); } },
      h('label', { for: 'select' }, 'Only'), this.select, h('label', { for: 'frames' }, 'Frames'), this.frames,
        h('button', { type: 'submit' }, 'Look'));
    this.element = h('div.plans');
  }

  draw = parts => {
    const { id, select, frames } = read();
    if (id) return this.drawOne(id, parts);
    if (this.element.firstChild !== this.waiting) this.element.replaceChildren(this.waiting, this.now, this.next, this.past, this.sizes.element);
    this.drawWaiting();
    this.drawNow();
    this.drawNext(select, frames, parts);
    // What another proposal replaced was never anybody's question.
    const past = store.plans.filter(p => !['running', 'proposed', 'superseded'].includes(p.status));
    paint(this.past, past, () => [h('h1', 'Before'), past.length === 0 && h('p.dim', 'Nothing ran yet.'),
      h('ul.runs.before', past.map(p =>
      h('li', h('span.where', runShape(p.status), h('a', { href: link({ view: 'plans', id: p.id }) }, p.id)), h('span', capital(p.status)),
        h('span.dim', count(p.runs, 'run')), h('span.dim', h('b', person(p.declined?.actor ?? p.actor)), ' ', time(p.declined?.time ?? p.applied)),
          h('span.dim.because', p.status === 'declined' ? p.declined?.because && `“${p.declined.because}”` : outcomes(p.counts)))))]);
  };

  /** What Sluice asks about comes first. */
  drawWaiting() {
    const { plan, state } = store.waiting ?? {};
    paint(this.waiting, [plan, state, store.health?.workers], () => plan ? [
      h('h1', runShape('proposed'), h('a', { href: link({ view: 'plans', id: plan.id }) }, `Sluice proposes ${count(plan.runs.length, 'run')}`)),
      h('p', fate(state)), notes(plan),
      h('div.doing', h('div.acts', decisions(plan, begun => showPlan(begun.id))), h('div.facts', factRow([...costFacts(plan), [plan.untouched, 'untouched']]))),
      h('div', proposedRuns(plan))] : []);
  }

  drawNow() {
    const running = runningPlans();
    paint(this.now, running.map(p => p.id), () => running.map(p => {
      const box = h('article.notice', { 'data-plan': p.id },
        h('h1', runShape('running'), h('a', { href: link({ view: 'plans', id: p.id }) }, `Running ${count(p.runs, 'run')}`)),
        meter(),
        h('div.doing', h('div.acts', button('See the runs', () => showPlan(p.id)), action('Cancel', () => cancel(p.id), 'quiet')), h('div.facts')));
      return box;
    }));
    for (const box of this.now.children) {
      const progress = store.progress.get(box.dataset.plan);
      if (!progress) continue;
      box.children[1].show(progress.tasksDone, progress.tasksTotal);
      paint(box.querySelector('.facts'), progressFacts(progress), factRow);
    }
  }

  drawNext(select, frames, parts) {
    const narrowed = Boolean(select || frames), key = `${store.project} ${select} ${frames}`;
    if (this.key !== key) { this.key = key; this.plan = null; this.select.value = select; this.frames.value = frames; }
    if (narrowed && (!this.plan || parts.has('status') || parts.has('proposal')) && this.asked !== key) {
      this.asked = key;
      api.plan(store.project, select, frames).then(plan => { if (this.key === key) { this.plan = plan; calm('select'); this.draw(new Set()); } }, error => trouble(error, { key: 'select' })).finally(() => { this.asked = null; });
    }
    const plan = narrowed ? this.plan : store.proposal, running = runningPlans().length > 0;
    if (!this.form.isConnected) this.next.replaceChildren(h('h1', 'Next'), this.form, this.body = h('div.proposed'));
    const isSaid = !narrowed && plan && store.waiting && same(plan, store.waiting.plan);
    paint(this.body, [key, plan, running, store.health?.workers, isSaid], () => {
      if (isSaid) return [h('p.dim', 'The proposal above is all there is to do. A part of it can be looked at here.'), leftOut(plan)];
      if (running && !narrowed) return h('p.dim', 'What is left is worked out when the running plan ends. A part can be looked at now.');
      if (!plan) return h('p.dim', 'Working it out…');
      if (!plan.runs.length) return h('p', narrowed ? 'Nothing to run here: all of it is current.' : store.products.size
        ? plan.byHand?.length || plan.blocked?.length ? 'Nothing to run.' : 'Nothing to run: everything is current.'
        : 'Nothing to run: the project is empty.', leftOut(plan));
      const n = plan.runs.length;
      return [h('div.doing', h('div.acts', action(n === 1 ? 'Run it' : `Run these ${n}`,
        () => run(plan, { select, frames }).then(p => showPlan(p.id)), 'go')),
        h('div.facts', factRow([...costFacts(plan), [plan.untouched, 'untouched']]))), proposedRuns(plan), leftOut(plan)];
    });
  }

  async drawOne(id, parts) {
    if (this.element.firstChild !== this.one) this.element.replaceChildren(this.one);
    const finished = store.plans.find(p => p.id === id);
    if (this.id !== id || parts?.has('plans') || parts?.has('status')) {
      if (this.id !== id) this.one.replaceChildren(h('p.dim', 'Loading…'));
      this.id = id;
      try { this.answer = await api.planOf(id); calm('plan'); } catch (error) { trouble(error, { key: 'plan' }); this.answer = null; }
      if (this.id !== id || read().id !== id) return;
      this.one.painted = undefined;
    }
    const { answer } = this;
    if (!answer) return paint(this.one, [id, 'none'], () => [back(), h('h1', id)]);
    const state = finished ?? answer.state, progress = store.progress.get(id) ?? answer.progress;
    if (this.one.painted !== 'built') {
      this.parts = { head: h('div'), bar: meter(), doing: h('div.doing', h('div.acts'), h('div.facts')), runs: h('div') };
      this.one.replaceChildren(back(), ...Object.values(this.parts));
      this.one.painted = 'built';
    }
    const { head, bar, doing, runs } = this.parts, status = progress?.status ?? state?.status ?? 'proposed';
    paint(head, [id, status, state], () => [h('h1', runShape(status), h('span', `${capital(status)} `), h('span.v', id)),
      state && fate(state) ? [h('p', fate(state)), status === 'proposed' && notes(answer.plan)] : state && h('p', h('b', person(state.actor)), ' started it ', moment(state.applied),
        state.finished && ['; it ended ', moment(state.finished)], '. ',
        outcomes(state.counts) && `${capital(outcomes(state.counts))}. `,
        answer.plan.selection && [' Only ', h('code', answer.plan.selection), '.'])]);
    bar.hidden = status !== 'running';
    if (progress) bar.show(progress.tasksDone, progress.tasksTotal);
    paint(doing.firstChild, [id, status], () => [status === 'proposed' && state && decisions(answer.plan),
      status === 'declined' && action(`Run ${answer.plan.runs.length === 1 ? 'it' : `these ${answer.plan.runs.length}`} anyway`, () => run(answer.plan)),
      status === 'running' && action('Cancel', () => cancel(id)),
      (status === 'failed' || state?.counts?.failed > 0) && action('Try the failed ones again', () => retry(id), 'go')]);
    paint(doing.lastChild, [status, progress && progressFacts(progress)],
      () => status === 'running' && progress ? factRow(progressFacts(progress)) : []);
    paint(runs, progress?.runs ?? null, () => progress ? pastRuns(answer.plan, progress) : answer.plan.runs.length
      ? proposedRuns(answer.plan) : h('p.dim', 'Its runs are no longer kept one by one.'));
  }
}

const back = () => h('p', h('a', { href: link({ view: 'plans', id: null, at: null }) }, '← All plans'));

function leftOut(plan) {
  return [plan.missing?.length > 0 && h('p', h('b', 'Missing: '), plan.missing.map((ref, i) => [i ? ', ' : '', product(ref)])),
    plan.blocked?.length > 0 && h('ul', plan.blocked.map(b => h('li', h('b', `${b.step} on ${b.folder || store.project}`),
      ' cannot start: ', sentence(b.text, store.project, store.products)))), kept(plan)];
}
