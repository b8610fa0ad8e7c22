// A bar and a line for work under way, updated in place so that nothing under the pointer is replaced.

import { h } from './dom.js';
import { count, duration } from './words.js';

export function meter() {
  const fill = h('i');
  const bar = h('div.meter', { role: 'progressbar', 'aria-valuemin': 0, 'aria-label': 'tasks done' }, fill);
  bar.show = (done, total) => {
    bar.setAttribute('aria-valuemax', total);
    bar.setAttribute('aria-valuenow', done);
    fill.style.transform = `scaleX(${total ? done / total : 0})`;
  };
  return bar;
}

/** `88 of 152 tasks`, `about 40 s left`, `5 runs done` … as pieces for a row of facts. */
export function progressFacts(progress) {
  const tally = status => progress.runs.filter(run => run.status === status).length;
  const done = tally('succeeded') + tally('unchanged'), failed = tally('failed'), running = tally('running');
  return [
    [progress.tasksDone, `of ${count(progress.tasksTotal, 'task')}`],
    progress.secondsLeft !== undefined && progress.secondsLeft !== null && ['', 'about ', duration(progress.secondsLeft), ' left'],
    [done, `of ${count(progress.runs.length, 'run')} done`],
    running && [running, 'running'],
    failed && [failed, 'failed'],
  ].filter(Boolean);
}

/** `12 succeeded · 1 failed · 3 reused`, leaving out what is zero. */
export function outcomes(counts = {}) {
  return ['succeeded', 'failed', 'unchanged', 'reused', 'cancelled'].filter(key => counts[key]).map(key => `${counts[key]} ${key}`).join(' · ');
}

/** Core-seconds of a plan's runs, shared by the workers; null when nothing was ever measured. */
export function estimate(runs, workers) {
  const known = runs.filter(run => run.estimate);
  if (!known.length) return null;
  const wall = known.reduce((sum, run) => sum + run.estimate.seconds, 0) / Math.max(1, workers ?? 1);
  return { seconds: wall > 60 ? Math.round(wall / 10) * 10 : wall, partly: known.length < runs.length };
}
