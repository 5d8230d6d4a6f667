// Asks the server every two seconds and shows what changed.

import { clockTime, duration, el, link, pill, since, table, tick, time } from './parts.js';

const EVERY = 2000;
const PATIENCE = 10000;
const one = location.pathname.match(/^\/q\/([^/]+)\/([^/]+)\/?$/);
const address = one ? `/api/queue/${one[1]}/${one[2]}` : '/api/overview';
const byId = (id) => document.getElementById(id);

let timer;
let shownAt = null;
let panel = null;

async function poll() {
  clearTimeout(timer);
  try {
    const answer = await fetch(address, { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE) });
    if (answer.status === 404) return location.reload();
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.error);
    await show(said);
  } catch (error) {
    away(error);
  }
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(poll, EVERY);
}

document.addEventListener('visibilitychange', () => {
  clearTimeout(timer);
  if (document.hidden) byId('state').textContent = 'Paused while you look elsewhere';
  else poll();
});

function away(error) {
  const told = error instanceof TypeError || error.name === 'TimeoutError' ? 'The server does not answer.' : error.message;
  const old = shownAt ? ` What you see is as of ${clockTime(shownAt)}.` : '';
  byId('away').textContent = `${told}${old} Trying again by itself.`;
  byId('away').hidden = false;
  byId('state').textContent = 'Not connected';
  byId('state').className = 'off';
}

async function show(page) {
  shownAt = page.now;
  byId('away').hidden = true;
  byId('state').textContent = `As of ${clockTime(page.now)}`;
  byId('state').className = 'on';
  byId('sign-in').hidden = page.operator || !page.can_sign_in;
  byId('sign-out').hidden = !page.operator;
  showDead(page.dead, page.now);
  showRepositories(page);
  tick(document, page.now);
  if (page.demo) {
    panel ??= (await import('./demo.js')).start(byId('demo'), page.demo);
    panel.update(page);
  }
}

const drawn = new Map();

/** Draws again only what changed, so that a selection or the focus stays. */
function draw(parent, key, value, make) {
  const text = JSON.stringify(value);
  const old = drawn.get(key);
  if (old?.text === text) return old.element;
  const element = make();
  const open = [...(old?.element.querySelectorAll('details') ?? [])].map((details) => details.open);
  element.querySelectorAll('details').forEach((details, at) => { details.open = open[at] ?? details.open; });
  old ? old.element.replaceWith(element) : parent.append(element);
  drawn.set(key, { text, element });
  return element;
}

function showRepositories(page) {
  const parent = byId('repositories');
  const wanted = page.repositories.length
    ? page.repositories.map((repository) => ({ ...repository, demo: Boolean(page.demo) }))
    : [{ name: '' }];
  const elements = wanted.map((repository) =>
    draw(parent, `repository ${repository.name}`, repository, () =>
      repository.name ? repositorySection(repository, page.now) : nothingYet(page)));
  if (page.more) elements.push(draw(parent, 'more', page.more, () =>
    el('p', { class: 'quiet' }, `${page.more} more repositories are not listed here; open /q/OWNER/NAME for one of them.`)));
  for (const [key, { element }] of drawn) {
    if (element.parentElement === parent && !elements.includes(element)) {
      element.remove();
      drawn.delete(key);
    }
  }
  if (elements.some((element, at) => parent.children[at] !== element)) parent.append(...elements);
  if (one && page.repositories[0]) document.title = `${page.repositories[0].name} · Trilock`;
}

function nothingYet(page) {
  return el('section', { class: 'card' },
    el('h2', {}, 'No repository is shown yet'),
    el('p', {}, 'A repository appears here when the App is installed on it and something happens there, e.g. an issue is opened.'),
    el('p', { class: 'quiet' }, page.operator ? '' : 'Private repositories are shown to operators only.'));
}

function repositorySection(repository, now) {
  const { running, waiting, ended } = repository;
  const unused = !running.length && !waiting.length && !ended.length;
  const sum = !running.length && !waiting.length ? 'idle'
    : [running.length && `${running.length} running`, waiting.length && `${waiting.length} waiting`].filter(Boolean).join(', ');
  return el('article', { class: 'card' },
    el('header', {},
      el('h2', {}, one ? repository.name : el('a', { href: `/q/${repository.name}` }, repository.name)),
      repository.private ? el('span', { class: 'pill still' }, 'Private') : '',
      el('span', { class: 'quiet' }, sum),
      repository.demo ? '' : el('span', { class: 'outward' }, link('On GitHub', repository.url))),
    policyNotice(repository),
    unused ? [empty('Waiting', 'Nothing is queued.'), howToBegin(repository)] : everything(repository, now));
}

function everything(repository, now) {
  const { running, waiting, ended } = repository;
  return [
    running.length
      ? table('Running', ['Build', 'Issue', 'State', 'Since', 'Asked by', 'Run'], running.map((build) => [
          what(build), issue(build, repository), [pill(build.status), outside(build)],
          moment(build.stopping_at ?? build.running_at ?? build.starting_at, now), build.asked_by, run(build, repository)]))
      : empty('Running', 'Nothing is running.'),
    waiting.length
      ? table('Waiting, in order', ['Place', 'Build', 'Issue', 'Waiting since', 'Asked by'], waiting.map((build) => [
          build.position ? `${build.position}` : pill(build.status), what(build), issue(build, repository),
          moment(build.queued_at ?? build.requested_at, now), build.asked_by]))
      : empty('Waiting', 'Nothing is queued.'),
    running.length || waiting.length ? '' : howToBegin(repository),
    locks(repository, now),
    ended.length
      ? table('Recent builds', ['Build', 'Issue', 'Outcome', 'Waited', 'Ran', 'Ended', 'Run'], ended.map((build) => [
          what(build), issue(build, repository), outcome(build), duration(build.waited_seconds),
          duration(build.ran_seconds), time(build.ended_at, now), run(build, repository)]))
      : empty('Recent builds', 'No build has ended yet.'),
  ];
}

const empty = (title, words) => el('section', { class: 'empty' }, el('h3', {}, title), el('p', { class: 'quiet' }, words));

const moment = (iso, now) => [time(iso, now), ' ', forHowLong(iso, now)];
const forHowLong = (iso, now) => el('span', { class: 'quiet whole' }, '(', since(iso, now), ')');

function what(build) {
  const answers = build.answers.map(({ label, value }) =>
    el('div', {}, el('dt', {}, label), ' ', el('dd', {}, el('code', {}, value))));
  return [el('span', { class: 'name' }, build.build_type), answers.length ? el('dl', {}, answers) : ''];
}

const issue = (build, repository) => (build.issue ? issueLink(`#${build.issue}`, build.issue, build.issue_url, repository)
  : build.by_hand ? 'started by hand' : '–');

/** Somebody started it on GitHub while the lock was taken: nothing is started beside it until it ends. */
const outside = (build) => (build.outside
  ? el('span', { class: 'quiet', title: 'To prevent this, ask for builds here instead of on the Actions page.' }, ' outside the lock') : '');

/** In the demo there is no GitHub to go to: the panel opens the issue. */
function issueLink(text, number, url, { demo, name }) {
  if (!demo) return link(text, url);
  const button = el('button', { type: 'button', class: 'as-link', title: 'Show its comments above' }, text);
  button.addEventListener('click', () => panel?.open(name, number));
  return button;
}

function run(build, { demo }) {
  if (!build.run_id) return '–';
  const commit = build.commit ? [' ', el('code', { title: 'Commit' }, build.commit)] : '';
  return [demo ? `run ${build.run_id}` : link('run', build.run_url), commit];
}

const BY = { requester: 'by who asked', maintainer: 'by a maintainer', closed_issue: 'the issue was closed' };

function outcome(build) {
  const usual = { succeeded: 'success', failed: 'failure', cancelled: 'cancelled' }[build.status];
  const more = BY[build.stopped_by] ?? build.gone ?? (build.conclusion === usual ? '' : build.conclusion);
  return [pill(build.status), more ? el('span', { class: 'quiet' }, ` ${more}`) : ''];
}

function policyNotice({ policy }) {
  const words = {
    none: 'There is no policy yet. Add the file .github/trilock.yml to the default branch to say what can be built.',
    broken: 'The policy .github/trilock.yml has a mistake; the last good one, if any, stays in force. `trilock policy check FILE` names the line.',
    unread: 'The policy is read as soon as something happens in this repository.',
  }[policy];
  return words ? el('p', { class: 'notice' }, words) : '';
}

function howToBegin({ begin }) {
  if (!begin.length) return '';
  const ways = begin.map(({ build_type, comment, issue }) => el('li', {},
    el('span', { class: 'name' }, build_type), ': ',
    issue ? issueWay(issue) : '',
    issue && comment ? ', or ' : '',
    comment ? ['write a comment with only ', el('code', {}, comment)] : ''));
  return el('section', {}, el('h3', {}, 'How to begin'), el('ul', {}, ways));
}

function issueWay({ labels, title_prefix }) {
  const named = labels.flatMap((label, at) => [at ? ' and ' : '', el('code', {}, label)]);
  return ['open an issue',
    labels.length ? [` with the label${labels.length > 1 ? 's' : ''} `, ...named] : '',
    title_prefix ? [labels.length ? ' and' : ' with', ' a title that begins with ', el('code', {}, title_prefix)] : ''].flat();
}

function locks(repository, now) {
  const { locks } = repository;
  const taken = (list, describe) => list.map((lock) => el('li', {},
    describe(lock), el('span', { class: 'quiet' }, ` version ${lock.version}`),
    lock.taken_at ? el('p', { class: 'quiet' }, 'Taken ', time(lock.taken_at, now), lock.holder ? ` (${lock.holder})` : '') : ''));
  const issues = taken(locks.issue, ({ name, url }) => name.startsWith('run:')
    ? link(`Run ${name.slice(4)}`, repository.demo ? '' : url) : issueLink(`Issue #${name}`, name, url, repository));
  const queues = taken(locks.queue, ({ name }) => `Queue ${name}`);
  return el('section', { class: 'locks' }, el('h3', {}, 'The three locks'),
    el('div', { class: 'three' },
      lockCard('1', 'Issue lock', 'Guards one issue’s requests, or one run started by hand. Held for milliseconds; shown is who took it last.', issues, 'No issue has asked yet.'),
      lockCard('2', 'Queue lock', 'Guards the order. Held for milliseconds; shown is who took it last.', queues, 'Not taken yet.'),
      lockCard('3', 'Build lock', 'Held by a build until GitHub says that its run ended.', locks.build.flatMap((resource) => slots(resource, repository, now)), 'Not taken yet.')));
}

const lockCard = (step, title, words, items, none) => el('div', { class: 'lock' },
  el('h4', {}, el('span', { class: 'step', 'aria-hidden': 'true' }, step), title),
  el('p', { class: 'quiet' }, words),
  items.length ? el('ul', {}, items) : el('p', {}, none));

function slots({ name, capacity, token, slots }, repository, now) {
  const title = name.replace(/^queue\/default$/, 'build slot').replace(/^queue\//, 'build slot of ');
  return slots.map((slot) => el('li', {},
    el('span', { class: 'name' }, capacity > 1 ? `${title}, slot ${slot.slot}` : title), ' ', pill(slot.state),
    slot.state === 'free'
      ? el('p', { class: 'quiet' }, token ? `Last token given: ${token}` : 'Never held')
      : [el('p', {}, 'By ', slot.build_type ?? 'a build', ' ',
            slot.issue ? issue(slot, repository) : 'started by hand',
            el('span', { class: 'quiet' }, `, token ${slot.token}`)),
          el('p', { class: 'quiet' }, 'Since ', moment(slot.since, now))],
    slot.state === 'quarantined'
      ? el('p', { class: 'quiet' }, 'Nobody knows whether its run still goes on. It is free again when GitHub says so, or an operator lifts it: trilock locks lift.')
      : ''));
}

function showDead(dead, now) {
  const section = byId('dead');
  section.hidden = !dead?.length;
  if (section.hidden) return;
  draw(section, 'dead', dead, () => el('div', { class: 'card' },
    el('h2', { id: 'dead-title' }, 'Set aside'),
    el('p', { class: 'quiet' }, 'These failed again and again. Later ones went on; somebody should look. When the cause is gone: trilock dead retry ID.'),
    table('Events and effects', ['What', 'Repository', 'Why', 'Id'], dead.map((row) => [
      `${row.kind} ${row.what ?? ''}`, row.repository ?? '–', row.error ?? '–', el('code', {}, row.id)]))), now);
}

poll();
