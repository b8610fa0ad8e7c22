// Wires the page together: the address, the live stream, and the views they move.

import { Activity, Recent } from './activity.js';
import { onSignInNeeded } from './api.js';
import { Board } from './board.js';
import { Detail } from './detail.js';
import { h, paint } from './dom.js';
import { Live } from './live.js';
import { News } from './news.js';
import { Plans } from './plans.js';
import { Graph, Group } from './graph.js';
import { go, link, read } from './route.js';
import { openSearch } from './search.js';
import { drawWho, signIn } from './session.js';
import { begin, census, hearFact, hearProgress, onChange, onTrouble, open, runningPlans, store, touch } from './store.js';
import { calm, trouble } from './trouble.js';
import { count, verb } from './words.js';

const at = id => document.getElementById(id);
const news = new News(), board = new Board(), recent = new Recent(), plans = new Plans(), activity = new Activity();
const graph = new Graph(), group = new Group(graph);
const detail = new Detail(() => go({ at: null }));
const show = { element: h('div.show', news.element, board.element), draw: () => { news.draw(); board.draw(); } };
const views = { show, graph, plans, activity };
graph.heardAnswer = () => { if (read().view === 'graph') drawAside(read()); };

function draw(parts, fact) {
  const route = read(), view = views[route.view];
  // The graph waits for nothing but its own answer.
  if (!store.loaded && route.view !== 'graph') return;
  document.body.classList.toggle('drawing', route.view === 'graph');
  if (at('view').firstChild !== view.element) { at('view').replaceChildren(view.element); scrollTo(0, 0); }
  view.draw(parts, fact);
  drawBar(route);
  drawAside(route, fact);
}

function drawBar(route) {
  paint(at('project'), [store.projects.map(p => p.name), route.project],
    () => store.projects.map(p => h('option', { value: p.name, selected: p.name === route.project }, p.name)));
  at('project').title = census().map(([type, n]) => count(n, type)).join(' · ');
  const running = runningPlans().length, proposed = store.plans.filter(plan => plan.status === 'proposed').length;
  paint(at('tabs'), [route.project, route.view, running, proposed],
    () => [['show', 'Show'], ['graph', 'Graph'], ['plans', 'Plans'], ['activity', 'Activity']].map(([view, text]) =>
    h('a', { href: link({ view, id: null, at: null }), 'data-key': view, ...(route.view === view ? { 'aria-current': 'page' } : {}) }, text,
      view === 'plans' && running ? h('b', { title: `${count(running, 'plan')} running` },
        h('i.s.running', { role: 'img', 'aria-label': 'running' })) : view === 'plans' && proposed
        ? h('b', { title: `${count(proposed, 'proposal')} ${verb(proposed, 'waits', 'wait')} for somebody` }, proposed,
          h('span.out', ` ${verb(proposed, 'proposal waits', 'proposals wait')}`)) : null)));
  at('home').href = link({ view: 'show', id: null, at: null });
  document.title = `${route.at ? route.at.split('/').slice(1).join('/') : store.project} · Sluice`;
}

function drawAside(route, fact) {
  const node = route.view === 'graph' && !route.at ? graph.group() : null;
  const aside = at('aside'), want = route.at ? detail : node ? group : route.view === 'show' && store.products.size ? recent : null;
  aside.hidden = !want;
  document.body.classList.toggle('beside', Boolean(want));
  document.body.classList.toggle('chosen', Boolean(route.at || node));
  if (!want) return void (detail.ref = null);
  if (aside.firstChild !== want.element) { aside.replaceChildren(want.element); aside.scrollTop = 0; }
  aside.setAttribute('aria-label', route.at ?? node?.title ?? 'Lately');
  if (want === group) { detail.ref = null; return group.draw(node); }
  if (want === recent) { detail.ref = null; return recent.draw(); }
  if (detail.ref !== route.at) { aside.scrollTop = 0; detail.show(route.at); } else detail.refresh(fact);
}

const live = new Live({
  fact: hearFact, progress: hearProgress,
  state: state => {
    const lost = live.was === 'reconnecting' && state === 'live';
    live.was = state === 'connecting' ? live.was : state;
    paint(at('live'), state, () => [h('i', { class: state === 'live' ? 'on' : state }), h('span', state)]);
    // Progress is not kept for those who were away; facts are, but the log may have begun anew.
    if (lost) touch('health', 'projects', 'folders', 'pipeline', 'status', 'plans', 'proposal', 'recent');
  },
  refused: () => setTimeout(start, 2000),
});

async function start() {
  try {
    await begin();
    calm('load');
    drawWho();
    live.start(store.health.position);
    await navigate(true);
  } catch (error) {
    trouble(error, { key: 'load' });
    if (error.status !== 401) setTimeout(start, 3000);
  }
}

async function navigate(again = false) {
  const { project } = read();
  if (!project) {
    const first = store.projects.find(p => p.products) ?? store.projects[0];
    if (first) return location.replace(link({ project: first.name, view: 'show' }));
    return at('view').replaceChildren(h('section.news', h('article.notice', h('h1', 'No project yet'),
      h('ol.begin', h('li', h('p', 'Begin one with its steps:'), h('pre', h('code', 'sluice pipeline apply sluice.yaml')))))));
  }
  if (project === store.project && store.loaded && !again) return draw(new Set());
  const first = read().view === 'graph' ? () => { draw(new Set()); return graph.ready; } : null;
  try { await open(project, first); calm('load'); } catch (error) { drawBar(read()); trouble(error, { key: 'load' }); }
}

onChange((parts, fact) => { if (parts.has('projects') && !read().project) navigate(); else draw(parts, fact); });
onTrouble(error => error ? trouble(error, { key: 'load' }) : calm('load'));
onSignInNeeded(() => signIn(start));
addEventListener('hashchange', () => navigate());
at('project').addEventListener('change', event => go({ project: event.target.value, view: 'show', id: null, at: null }));
at('find').addEventListener('click', openSearch);
addEventListener('keydown', event => {
  const typing = event.target.closest?.('input, select, textarea');
  if ((event.key === 'k' && (event.ctrlKey || event.metaKey)) || (event.key === '/' && !typing)) {
    event.preventDefault();
    if (event.key === '/' && read().view === 'graph') graph.findHere(); else openSearch();
  } else if (event.key === 'Escape' && (!typing || event.target.type === 'range') && !document.querySelector('dialog')
    && (read().at || read().node)) go({ at: null, node: null });
});
start();
