// The panel of the demo: one plays the people of the simulated GitHub, by its control API.

import { el, link, time } from './parts.js';

const NEW = 'new';
const ASKS = /^\s*[/／](trilock\s+)?build(\s|$)/m;
const EMOJI = { eyes: '👀', '+1': '👍', confused: '😕' };

export function start(root, config) {
  const select = (id, values) => el('select', { id }, values.map((value) => el('option', { value }, value)));
  const person = select('demo-person', config.people);
  const repository = select('demo-repository', config.repositories);
  const issue = el('select', { id: 'demo-issue' });
  const title = el('input', { id: 'demo-issue-title', value: 'Please build this' });
  const labels = el('input', { id: 'demo-labels' });
  const text = el('textarea', { id: 'demo-text', rows: 7, required: '' });
  const said = el('p', { role: 'status', class: 'quiet' });
  const thread = el('ol', { class: 'thread' });
  const field = (input, label) => el('div', { class: 'field' }, el('label', { for: input.id }, label), input);
  const extra = el('div', { class: 'pair' }, field(title, 'Title'), field(labels, 'Labels (with commas)'));
  const form = el('form', {},
    el('div', { class: 'pair' }, field(person, 'You are'), field(repository, 'Repository')),
    field(issue, 'Issue'), extra, field(text, 'What you write'), el('button', {}, 'Send'), said);
  const heading = el('h3', { id: 'demo-thread' }, 'The issue');
  root.replaceChildren(
    el('div', { class: 'card demo' },
      el('div', {},
        el('h2', { id: 'demo-title' }, 'Try it'),
        el('p', { class: 'quiet' }, 'This GitHub is a simulated one. Be anybody, write something, and watch the queue below.'),
        form),
      el('section', { 'aria-labelledby': 'demo-thread' }, heading, thread)));
  root.hidden = false;

  let page = null;
  const opened = {};
  let drafted = '';
  let shown = '';

  async function tell(command, values) {
    const answer = await fetch(`${config.sandbox_url}/_sandbox/${command}`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(values),
    });
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.message ?? `the sandbox answered ${answer.status}`);
    return told;
  }

  const here = () => page?.repositories.find(({ name }) => name === repository.value);
  const isNew = () => issue.value === NEW;

  function offerIssues() {
    const known = here();
    const numbers = new Set(opened[repository.value] ?? []);
    for (const build of known ? [...known.running, ...known.waiting, ...known.ended] : []) numbers.add(build.issue);
    const wanted = [NEW, ...[...numbers].filter(Boolean).sort((a, b) => b - a).map(String)];
    if ([...issue.options].map(({ value }) => value).join() === wanted.join()) return;
    const chosen = issue.value;
    issue.replaceChildren(...wanted.map((value) => el('option', { value }, value === NEW ? 'New issue…' : `#${value}`)));
    issue.value = wanted.includes(chosen) ? chosen : NEW;
  }

  /** Proposes a text, unless somebody has typed one. */
  function draft() {
    extra.hidden = !isNew();
    const begin = here()?.begin ?? [];
    const byIssue = begin.find((way) => way.issue);
    const byComment = begin.find((way) => way.comment);
    const fresh = isNew() && byIssue
      ? byIssue.answers.map(({ label, value }) => `### ${label}\n\n${value}`).join('\n\n')
      : isNew() ? 'I need a build.' : byComment?.comment ?? '/status';
    if (text.value === drafted && fresh !== drafted) {
      labels.value = byIssue?.issue.labels.join(', ') ?? '';
      text.value = drafted = fresh;
    }
  }

  async function send() {
    const [repo, login, body] = [repository.value, person.value, text.value];
    if (isNew()) {
      const wanted = labels.value.split(',').map((label) => label.trim()).filter(Boolean);
      const triggers = (here()?.begin ?? []).map((way) => way.issue).filter(Boolean);
      const request = triggers.some((on) => on.labels.every((label) => wanted.includes(label)) && title.value.startsWith(on.title_prefix ?? ''));
      const made = await tell('open_issue', { repo, login, title: title.value, body, labels: wanted, request });
      (opened[repo] ??= []).push(made.issue);
      offerIssues();
      issue.value = String(made.issue);
    } else {
      await tell('comment', { repo, issue: Number(issue.value), login, body, request: ASKS.test(body) });
    }
    text.value = drafted = '';
    draft();
  }

  async function refresh() {
    const [repo, number] = [repository.value, issue.value];
    heading.textContent = isNew() ? 'The issue’s comments' : `Issue #${number}`;
    const comments = isNew() ? [] : await tell('comments', { repo, issue: Number(number) });
    const state = JSON.stringify([repo, number, comments]);
    if (state === shown || repo !== repository.value || number !== issue.value) return;
    shown = state;
    const none = isNew() ? 'Open an issue, or choose one, to see what is said in it.' : 'No comments yet.';
    thread.replaceChildren(...comments.map((comment) => card(comment, page.now)));
    if (!comments.length) thread.append(el('li', { class: 'quiet none' }, none));
    thread.scrollTop = thread.scrollHeight;
  }

  const say = (error) => { said.textContent = `That did not work: ${error.message}`; };
  const again = () => { offerIssues(); draft(); refresh().catch(say); };
  repository.addEventListener('change', again);
  issue.addEventListener('change', again);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    said.textContent = '';
    send().then(refresh).catch(say);
  });
  return {
    update(fresh) {
      page = fresh;
      again();
    },
    /** Shows an issue that somebody pointed at. */
    open(name, number) {
      if (!config.repositories.includes(name)) return;
      repository.value = name;
      (opened[name] ??= []).push(Number(number));
      offerIssues();
      issue.value = String(number);
      again();
      root.scrollIntoView({ block: 'start' });
    },
  };
}

function card(comment, now) {
  const bot = comment.author.endsWith('[bot]');
  const reactions = comment.reactions.map(({ content }) => EMOJI[content] ?? content).join(' ');
  return el('li', { class: bot ? 'bot' : '' },
    el('p', { class: 'quiet' }, el('span', { class: 'name' }, comment.author), ' ', time(comment.created_at, now),
      comment.edits.length ? ` · edited ${comment.edits.length}×` : ''),
    bot ? markdown(comment.body) : el('p', { class: 'typed' }, comment.body),
    reactions ? el('p', { class: 'reactions' }, reactions) : '');
}

/** The little Markdown that the bot writes: headings, tables, lists, bold, code, links. */
function markdown(body) {
  const root = el('div', { class: 'markdown' });
  const lines = body.replace(/<!--.*?-->/g, '').trim().split('\n');
  let rows = null;
  for (const line of lines) {
    const cells = line.match(/^\|(.*)\|$/)?.[1].split(/(?<!\\)\|/);
    if (!cells) rows = null;
    if (cells?.every((cell) => /^\s*-+\s*$/.test(cell))) continue;
    if (cells) {
      rows ??= root.appendChild(el('table', {}));
      rows.append(el('tr', {}, cells.map((cell) => el(rows.rows.length ? 'td' : 'th', {}, inline(cell.trim())))));
    } else if (line.startsWith('### ')) root.append(el('h4', {}, inline(line.slice(4))));
    else if (line.startsWith('- ')) root.append(el('p', {}, '• ', inline(line.slice(2))));
    else if (line.trim()) root.append(el('p', {}, inline(line)));
  }
  return root;
}

function inline(text) {
  const parts = text.split(/(`[^`]+`|\*\*[^*]+\*\*|\[[^\]]*\]\([^)\s]+\))/);
  return parts.map((part, at) => {
    if (at % 2 === 0) return plain(part);
    if (part.startsWith('`')) return el('code', {}, part.slice(1, -1));
    if (part.startsWith('**')) return el('strong', {}, inline(part.slice(2, -2)));
    const [, name, url] = part.match(/^\[(.*)\]\((.*)\)$/);
    return url.startsWith(location.origin) ? link(plain(name), url) : el('span', { class: 'elsewhere', title: url }, plain(name));
  });
}

/** Undoes the escapes by which somebody's text stays text. */
const plain = (text) => text.replace(/&#8203;/g, '').replace(/&#124;/g, '|').replace(/\\([\\`*_[\]<>~&$#!{}])/g, '$1');
