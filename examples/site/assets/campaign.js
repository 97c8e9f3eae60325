// The entry form: an entry is kept, and sent again as it was, until it is answered for good.
// The texts stand in the page.

const FIRST_WAIT = 500, LONGEST_WAIT = 30_000, LONGEST_ASKED = 600_000, PATIENCE = 10_000; // ms
const $ = (selector) => document.querySelector(selector);
const $$ = (selector) => document.querySelectorAll(selector);
const form = $('form'), fields = $('form > fieldset'), status = $('form [role=status]');

// Kept: { key, body, after } of an entry under way, { receipt } of one that is in.
const slot = `entry ${form.dataset.campaign}`;
let store = {}; // where the browser keeps nothing
try { localStorage[slot] ??= '{}'; store = localStorage; } catch {}
const kept = () => JSON.parse(store[slot] ?? '{}');
const keep = (entry) => { store[slot] = JSON.stringify(entry); };

let config, offset = 0, timer, attempts = 0, sending;
const now = () => Date.now() + offset; // by the server's clock
const wait = () => Math.random() * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempts++);
const ask = (url, options) => fetch(url, { signal: AbortSignal.timeout?.(PATIENCE), ...options });

async function load() {
	try {
		const response = await ask('config.json', { cache: 'no-cache' });
		config = await response.json();
		const { headers } = response;
		offset = Date.parse(headers.get('date')) + headers.get('age') * 1000 - Date.now() || 0;
		for (const box of $$('[data-time]')) {
			box.textContent = new Date(config[box.dataset.time]).toLocaleString($('html').lang,
				{ dateStyle: 'long', timeStyle: 'short' });
		}
		attempts = 0;
		start();
	} catch {
		if (kept().receipt == null) show('open', 'unreachable');
		setTimeout(load, FIRST_WAIT + wait());
	}
}

function show(view, state, focus) {
	for (const part of $$('[data-view]')) part.hidden = part.dataset.view !== view;
	form.dataset.state = state;
	status.textContent = status.dataset[state] ?? '';
	fields.disabled = !config || !!kept().key;
	if (focus) $(`[data-view=${view}] [data-focus]`).focus();
}

// Shows what there is: receipt, countdown, entry under way, end, or form.
function start(focus) {
	const { key, body, after, receipt } = kept();
	clearTimeout(timer);
	if (receipt != null) {
		$('output').textContent = receipt;
		return show('done', '', focus);
	}
	if (!config) return show('open', 'loading');
	let left = (Date.parse(config.opens) - now()) / 1000;
	if (left > 0) {
		timer = setTimeout(start, left % 1 * 1000 + 9);
		for (const box of $$('[data-seconds]')) {
			box.textContent = Math.floor(left / box.dataset.seconds);
			left %= box.dataset.seconds;
		}
		return show('early');
	}
	if (key) {
		for (const [name, value] of Object.entries(JSON.parse(body))) {
			const control = form[name] ?? {};
			if (control.type === 'checkbox') control.checked = true;
			else control.value = value;
		}
		timer = setTimeout(send, Math.min(after - Date.now(), LONGEST_ASKED));
		return show('open', !after ? 'sending' : navigator.onLine ? 'waiting' : 'offline', focus);
	}
	if (now() > Date.parse(config.closes)) return show('closed', '', focus);
	show('open');
	if (config.terms !== form.terms.value) mark({ terms: { code: 'consent.stale' } });
}

// Puts errors, { code, params } by name, beside their fields.
function mark(errors, focus) {
	for (const box of $$('.error')) {
		const control = $(`[aria-describedby~=${box.id}]`);
		const { code, params } = errors[box.id.slice(6)] ?? {};
		const text = code ? box.dataset[code] ?? box.dataset.other : '';
		box.textContent = text.replace(/{(\w+)}/, (_, name) => params[name]);
		control.setAttribute('aria-invalid', !!code);
		if (code && focus) focus = (control.querySelector('input') ?? control).focus();
	}
}

async function send() {
	const { key, body } = kept();
	if (!key || sending) return;
	sending = true;
	let response, answer = {};
	try {
		const headers = { 'content-type': 'application/json', 'idempotency-key': key };
		response = await ask(config.api, { method: 'POST', headers, body });
		answer = await response.json() ?? {};
	} catch {} // no answer, or no JSON
	sending = false;
	if (kept().key !== key) return start(true); // another tab has the answer
	const code = response?.status;
	if (code < 203 && answer.campaign) {
		keep({ receipt: answer.receipt ?? '' });
		start(true);
	} else if (code in status.dataset) { // the page has a text for it
		keep({});
		if (/closed$/.test(answer.type)) return show('closed', '', true);
		const errors = code === 409 ? { [form.dataset.unique]: { code } } : {};
		for (const { pointer, ...error } of answer.errors ?? []) errors[pointer.slice(1)] = error;
		show('open', code, true);
		mark(errors, true);
	} else {
		if (code === 425) config.opens = answer.opens;
		const asked = response?.headers.get('retry-after'); // seconds or a date
		const pause = asked * 1000 || Date.parse(asked) - now() || 0;
		keep({ key, body, after: Date.now() + pause + wait() });
		start();
	}
}

form.addEventListener('submit', (event) => {
	event.preventDefault();
	const errors = {};
	for (const control of form.elements) {
		const { name, type, validity } = control;
		if (type === 'tel') control.value = control.value.replace(/[\s().-]/g, '');
		if (!validity.valid) errors[name] = { code: validity.valueMissing ? 'required' : 'other' };
	}
	mark(errors, true);
	if (Object.keys(errors)[0]) return show('open', 422);
	const key = crypto.getRandomValues(new Uint32Array(4)).join('-');
	const body = JSON.stringify(Object.fromEntries(new FormData(form)));
	if (!kept().key) keep({ key, body }); // else another tab did
	attempts = 0;
	start(true);
});
$('#again').addEventListener('click', () => {
	keep({});
	form.reset();
	start(true);
});
addEventListener('online', () => form.dataset.state === 'offline' && send());
addEventListener('storage', ({ key }) => key === slot && start(true)); // another tab did something
for (const [name, value] of new URLSearchParams(location.search)) {
	if (form[name]?.type === 'hidden') form[name].value = [...value].slice(0, 64).join('');
}
start();
load();
