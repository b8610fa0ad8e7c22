// The HTTP API, and nothing else the server knows. Every failure is an ApiError in the server's own words.

const root = '/api/v1';
export const actorKey = 'sluice.actor';
export const actor = () => localStorage.getItem(actorKey) || 'web';

export class ApiError extends Error {
  constructor(problem) {
    super(problem.title ?? 'The server answered with an error');
    this.problem = problem;
    this.status = problem.status;
    this.code = problem.code;
  }
}

const listeners = new Set();
/** Calls `listener` whenever the server asks who is there (401). */
export const onSignInNeeded = listener => listeners.add(listener);

async function request(method, path, { query, body, text, signal, headers = {} } = {}) {
  // Pairs where a name may come several times.
  const pairs = Array.isArray(query) ? query : Object.entries(query ?? {});
  const parameters = new URLSearchParams(pairs.filter(([, v]) => v !== undefined && v !== null && v !== ''));
  const address = `${root}${path}${parameters.size ? '?' + parameters : ''}`;
  if (method !== 'GET') headers['X-Sluice-Actor'] = actor();
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  let response;
  try {
    response = await fetch(address, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new ApiError({ title: 'The server does not answer', at: location.origin, status: 0, code: 'page.offline',
      fix: 'check that `sluice serve` runs; the page tries again by itself' });
  }
  if (!response.ok) {
    if (response.status === 401 && path !== '/session') for (const listener of listeners) listener();
    const problem = await response.json().catch(() => ({}));
    throw new ApiError({ title: `The server answered ${response.status}`, at: `${method} ${address}`, ...problem, status: response.status });
  }
  if (text) return response;
  return response.status === 204 ? null : response.json();
}

const get = (path, query) => request('GET', path, { query });
const post = (path, body) => request('POST', path, { body });

/** An event of another tool: its time is its tool's and its data may be anything, so neither is taken as ours. */
export const asFact = event => event.recordedtime ? { ...event, time: event.recordedtime, data: {} } : event;

export const api = {
  health: () => get('/health'),
  projects: () => get('/projects').then(a => a.projects),
  folders: project => get('/folders', { project }).then(a => a.folders),
  pipeline: project => get(`/pipelines/${encodeURIComponent(project)}`).then(a => a.pipeline),
  status: ref => get('/status', { ref }),
  show: ref => get('/show', { ref }),
  why: ref => get('/why', { ref }),
  graph: (project, { collapse, open, direction }) => get(`/projects/${encodeURIComponent(project)}/graph`,
    [['collapse', collapse], ['direction', direction], ...open.map(id => ['open', id])]),
  plan: (project, select, frames) => post('/plan', { project, select: select || undefined, frames: frames || undefined }),
  apply: request => post('/apply', { ...request, command: uuid() }),
  sizes: project => get('/sizes', { project }),
  plans: project => get('/plans', { project }).then(a => a.plans),
  planOf: id => get(`/plans/${encodeURIComponent(id)}`),
  decline: (id, because) => post(`/plans/${encodeURIComponent(id)}/decline`, because ? { because } : {}),
  vouch: (ref, because) => post('/vouch', { ref, because }),
  cancel: id => post('/cancel', { id }),
  retry: id => post('/retry', { id }),
  signIn: token => post('/session', { token }),
  signOut: () => request('DELETE', '/session'),
  events: query => request('GET', '/events', { query, text: true }).then(r => r.text())
    .then(lines => lines.split('\n').filter(Boolean).map(line => asFact(JSON.parse(line)))),
  stream: (query, lastId, signal) => request('GET', '/stream', { query, text: true, signal,
    headers: { Accept: 'text/event-stream', ...(lastId ? { 'Last-Event-ID': lastId } : {}) } }),
  /** The log of a task from a byte on, with the size it has now. */
  log: async (task, from) => {
    const response = await request('GET', `/tasks/${encodeURIComponent(task)}/log`, { query: { from }, text: true });
    const chunk = new Uint8Array(await response.arrayBuffer());
    return { chunk, size: +(response.headers.get('X-Sluice-Log-Size') ?? from + chunk.length) };
  },
};

const address = (path, query) => `${root}${path}?${new URLSearchParams(Object.entries(query).filter(([, v]) => v !== undefined))}`;
export const previewAddress = (ref, version, width, frame) => address('/preview', { ref: `${ref}@${version}`, frame, width });
export const fileAddress = (ref, version, file) =>
  address('/files', { ref: `${ref}@${version}`, path: file.path, representation: file.representation });

// `crypto.randomUUID` is missing on plain http from another machine.
function uuid() {
  const b = crypto.getRandomValues(new Uint8Array(16));
  b[6] = b[6] & 15 | 64; b[8] = b[8] & 63 | 128;
  return [...b].map((n, i) => ([4, 6, 8, 10].includes(i) ? '-' : '') + n.toString(16).padStart(2, '0')).join('');
}
