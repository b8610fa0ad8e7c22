// What is on screen, as a link: `#/PROJECT/VIEW/ID?at=PRODUCT&select=…`, of the graph
// `#/PROJECT/graph?collapse=folder&open=folder:sq010&node=…`. The path `/PROJECT` of the page works too.

const views = ['show', 'graph', 'plans', 'activity'];
const kept = ['select', 'frames', 'type', 'collapse', 'open', 'node'];

export function read() {
  const [path, query] = location.hash.replace(/^#/, '').split('?');
  const parts = path.split('/').filter(Boolean).map(decodeURIComponent);
  const parameters = new URLSearchParams(query);
  const project = parts[0] ?? decodeURIComponent(location.pathname.split('/').filter(Boolean)[0] ?? '');
  const at = parameters.get('at');
  return { project, view: views.includes(parts[1]) ? parts[1] : 'show', id: parts[2] ?? null, at: at && project ? `${project}/${at}` : null,
    ...Object.fromEntries(kept.map(key => [key, parameters.get(key) ?? ''])) };
}

/** A link to `to`, where what is left out stays as it is now; `null` takes it away. */
export function link(to) {
  const now = read();
  const same = (to.view === undefined || to.view === now.view) && (to.project ?? now.project) === now.project;
  const next = { project: now.project, view: now.view, at: (to.project ?? now.project) === now.project ? now.at : null,
    ...(same ? { id: now.id, ...Object.fromEntries(kept.map(key => [key, now[key]])) } : {}), ...to };
  const path = [next.project, next.view, next.id].filter(Boolean).map(encodeURIComponent).join('/');
  const query = [];
  if (next.at) query.push(`at=${encodeURIComponent(next.at.slice(next.project.length + 1)).replace(/%2F/g, '/')}`);
  for (const key of kept) if (next[key]) query.push(`${key}=${encodeURIComponent(next[key]).replace(/%2F/g, '/').replace(/%3A/g, ':').replace(/%2C/g, ',')}`);
  return `#/${path}${query.length ? '?' + query.join('&') : ''}`;
}

export const go = to => { location.hash = link(to); };
