// Numbers, times and ranges as people say them.

export function count(n, noun) {
  return `${n.toLocaleString('en')} ${n === 1 ? noun : plural(noun)}`;
}

const plural = noun => /(s|x|ch|sh)$/.test(noun) ? noun + 'es' : noun.replace(/([^aeiou])y$/, '$1ie') + 's';
export const verb = (n, one, many) => n === 1 ? one : many;
export const capital = text => text.charAt(0).toUpperCase() + text.slice(1);

export function listing(words, most = 3) {
  if (words.length > most) words = [...words.slice(0, most - 1), `${words.length - most + 1} more`];
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** Whole seconds below a minute, then two units: `40 s`, `1 min 40 s`, `2 h 5 min`. */
export function duration(seconds) {
  // What takes any time at all takes a second: nobody plans by zero.
  const s = Math.max(seconds > 0 ? 1 : 0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min${s % 60 ? ` ${s % 60} s` : ''}`;
  const minutes = Math.round(s / 60);
  return `${Math.floor(minutes / 60)} h${minutes % 60 ? ` ${minutes % 60} min` : ''}`;
}

/** Amounts of bytes as the command line says them: `5 B`, `12.0 MiB`. */
export function bytes(n) {
  if (n === undefined || n === null) return '';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let [value, unit] = [n, 0];
  while (value >= 1024 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${unit ? value.toFixed(1) : value} ${units[unit]}`;
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const precise = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'short', hour: '2-digit', minute: '2-digit' });
const date = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long' });

const daysAgo = then => Math.round((new Date().setHours(0, 0, 0, 0) - new Date(then).setHours(0, 0, 0, 0)) / 864e5);

/** `14:23` today, `Mon 14:23` this week, `3 Nov 14:23` before. */
export function when(iso) {
  const then = new Date(iso), days = daysAgo(then);
  return (days <= 0 ? clock : days < 7 ? weekday : date).format(then).replace(',', '');
}
export const isToday = iso => daysAgo(new Date(iso)) <= 0;
export const timeOfDay = iso => precise.format(new Date(iso));
export const dayOf = iso => ['Today', 'Yesterday'][daysAgo(new Date(iso))] ?? day.format(new Date(iso));

/** Frames of a range such as `1001-1004,1008` or `1001-1009x2`, in order. */
export function frames(range) {
  const all = [];
  for (const part of (range ?? '').split(',')) {
    const [, first, last, by] = /^\s*(-?\d+)(?:-(-?\d+))?(?:x(\d+))?\s*$/.exec(part) ?? [];
    if (first === undefined) continue;
    const step = Math.max(1, +(by ?? 1));
    // A range that is a slip of the keyboard must not freeze the page.
    for (let f = +first; f <= +(last ?? first) && all.length < 100000; f += step) all.push(f);
  }
  return all;
}

/** Frames as a range again, in order: `1001-1004,1008`. */
export function rangeOf(numbers) {
  const parts = [];
  for (const n of [...numbers].sort((a, b) => a - b)) {
    const last = parts.at(-1);
    if (last && n <= last[1] + 1) last[1] = n; else parts.push([n, n]);
  }
  return parts.map(([first, last]) => first === last ? `${first}` : `${first}-${last}`).join(',');
}

export const showRange = range => range.replace(/(\d)-(\d)/g, '$1–$2').replace(/,/g, ', ');
export const versionName = (number, id) => number ? `v${String(number).padStart(3, '0')}` : id ?? '';
