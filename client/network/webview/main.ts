/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { filtered, initialFilter, type NetworkFilter } from '../../../picture/filter';
import { type Edge, layoutNetwork, type NetworkLayout } from '../../../picture/layout';
import { darkPalette, lightPalette } from '../../../picture/palette';
import { edgeWords, networkSvg } from '../../../picture/svg';
import { matrixTable, networkLists } from '../../../picture/tables';
import { flowReason, flowTitle, instanceWords, namesIn, summarySentence, type Verdict } from '../../../picture/words';
import { escapeXml } from '../../../picture/xml';
import type { NetworkReport } from '../../../protocol/network';
import type { FromPage, NetworkShown } from '../messages';
import { nextInDirection } from './directions';

declare function acquireVsCodeApi(): {
  getState(): Partial<PageState> | undefined;
  setState(state: PageState): void;
  postMessage(message: FromPage): void;
};

/** What is kept while the page is hidden or the window reloads. */
interface PageState {
  readonly filter: NetworkFilter;
  readonly tab: Tab;
  /** Undefined: as much as fits. */
  readonly zoom: number | undefined;
}

type Tab = 'picture' | 'matrix' | 'list';
const tabs: readonly Tab[] = ['picture', 'matrix', 'list'];

const vscode = acquireVsCodeApi();
let state: PageState = { filter: initialFilter, tab: 'picture', zoom: undefined, ...vscode.getState() };
let report: NetworkReport | undefined;
let shown: NetworkReport | undefined;
let layout: NetworkLayout | undefined;
/** The id of the component or edge that was chosen last. */
let chosen: string | undefined;

const canvas = element('canvas');
const details = element('details');
const hint = 'Arrow keys move from one component or connection to the next, Enter opens what stands behind it.';

listen();
vscode.postMessage({ type: 'ready' });

function listen(): void {
  window.addEventListener('message', ({ data }: MessageEvent<NetworkShown>) => {
    if (data?.type !== 'network') return;
    report = data.report;
    fillChoices(report);
    render();
  });
  for (const name of ['instance', 'namespace'] as const)
    select(name).addEventListener('change', () => {
      const { value } = select(name);
      changeFilter({ [name]: value === '' ? undefined : value });
    });
  for (const box of verdictBoxes())
    box.addEventListener('change', () =>
      changeFilter({
        verdicts: verdictBoxes()
          .filter(({ checked }) => checked)
          .map(({ value }) => value as Verdict),
      }),
    );
  input('metrics').addEventListener('change', () => changeFilter({ metrics: input('metrics').checked }));
  for (const tab of tabs) element(`tab-${tab}`).addEventListener('click', () => change({ tab }));
  element('tab-picture').parentElement?.addEventListener('keydown', moveTab);
  element('smaller').addEventListener('click', () => change({ zoom: Math.max(0.2, currentZoom() / 1.25) }));
  element('larger').addEventListener('click', () => change({ zoom: Math.min(4, currentZoom() * 1.25) }));
  element('fit').addEventListener('click', () => change({ zoom: undefined }));
  element('export').addEventListener('click', exportSvg);
  canvas.addEventListener('keydown', onKey);
  canvas.addEventListener('focusin', ({ target }) => {
    const part = partOf(target);
    if (part) choose(part);
  });
  canvas.addEventListener('click', ({ target }) => {
    const part = partOf(target);
    part?.focus();
    if (part?.dataset.edge !== undefined) open(part);
  });
  canvas.addEventListener('dblclick', ({ target }) => {
    const part = partOf(target);
    if (part?.dataset.component !== undefined) open(part);
  });
  canvas.addEventListener('focus', () => focusable()[0]?.focus({ preventScroll: true }));
  element('list').addEventListener('click', ({ target }) => {
    const id = target instanceof HTMLElement ? target.dataset.flow : undefined;
    if (id !== undefined) vscode.postMessage({ type: 'open', what: 'flow', id });
  });
  window.addEventListener('resize', zoomPicture);
}

function changeFilter(part: Partial<NetworkFilter>): void {
  change({ filter: { ...state.filter, ...part } });
}

function change(part: Partial<PageState>): void {
  state = { ...state, ...part };
  vscode.setState(state);
  render();
}

/** Shows the report as the state says. */
function render(): void {
  for (const tab of tabs) {
    const isOn = tab === state.tab;
    const button = element(`tab-${tab}`);
    button.setAttribute('aria-selected', String(isOn));
    button.tabIndex = isOn ? 0 : -1;
    element(tab).hidden = !isOn;
  }
  for (const name of ['smaller', 'larger', 'fit']) element(name).hidden = state.tab !== 'picture';
  for (const box of verdictBoxes()) box.checked = state.filter.verdicts.includes(box.value as Verdict);
  input('metrics').checked = state.filter.metrics;
  if (!report) return;
  element('summary').textContent = summarySentence(report);
  const next = filtered(report, state.filter);
  if (JSON.stringify(next) !== JSON.stringify(shown)) {
    shown = next;
    draw(next);
  }
  zoomPicture();
}

function draw(next: NetworkReport): void {
  const hadFocus = canvas.contains(document.activeElement);
  layout = layoutNetwork(next);
  const caption = 'Who may reach whom, on which ports. Rows connect, columns listen; an empty cell is closed.';
  canvas.innerHTML =
    next.components.length === 0
      ? '<p>Nothing matches the filter.</p>'
      : networkSvg(next, layout, { kind: 'interactive', label: `Network. ${summarySentence(next)}` });
  element('matrix').innerHTML = matrixTable(next, caption);
  const nameOf = namesIn(next);
  element('list').innerHTML =
    networkLists(
      next,
      flow =>
        flow.place || flow.finding
          ? `<button type="button" class="link" data-flow="${escapeXml(flow.id)}" aria-label="${escapeXml(`${flow.finding ? 'Open the finding of' : 'Open what needs'} ${flowTitle(flow, nameOf)}`)}">${flow.finding ? 'open the finding' : 'open'}</button>`
          : '',
      'h2',
    ) || '<p>Nothing matches the filter.</p>';
  details.textContent = hint;
  const again = focusable().find(part => idOf(part) === chosen);
  const first = again ?? focusable()[0];
  if (first) first.setAttribute('tabindex', '0');
  // The region takes the focus only when there is nothing in it that could.
  canvas.tabIndex = first ? -1 : 0;
  if (again && hadFocus) again.focus();
}

function fillChoices({ components }: NetworkReport): void {
  const instances = [...new Set(components.map(({ instance }) => instance))];
  choices(
    'instance',
    instances.map(instance => [instance, instanceWords[instance]]),
  );
  const namespaces = [...new Set(components.flatMap(({ namespace }) => namespace ?? []))].sort();
  choices(
    'namespace',
    namespaces.map(name => [name, name]),
  );
}

function choices(name: 'instance' | 'namespace', values: readonly (readonly [value: string, text: string])[]): void {
  select(name).replaceChildren(new Option('all', ''), ...values.map(([value, text]) => new Option(text, value)));
  select(name).value = state.filter[name] ?? '';
}

/** Shows what is known of a part and what it is connected with. */
function choose(part: SVGElement): void {
  chosen = idOf(part);
  for (const one of focusable()) {
    one.setAttribute('tabindex', one === part ? '0' : '-1');
    one.classList.toggle('chosen', one === part);
    one.classList.toggle('faint', !isNear(one, part));
  }
  part.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  details.textContent = wordsOf(part);
}

function isNear(one: SVGElement, part: SVGElement): boolean {
  if (one === part) return true;
  const [edge, other] = one.dataset.edge === undefined ? [part, one] : [one, part];
  if (edge.dataset.edge === undefined) return edges().some(({ from, to }) => isPair(from, to, one, part));
  return [edge.dataset.from, edge.dataset.to].includes(other.dataset.component);
}

function isPair(from: string, to: string, one: SVGElement, other: SVGElement): boolean {
  const ids = [one.dataset.component, other.dataset.component];
  return ids.includes(from) && ids.includes(to);
}

function wordsOf(part: SVGElement): string {
  if (!shown) return '';
  const nameOf = namesIn(shown);
  const edge = edges().find(({ id }) => id === part.dataset.edge);
  if (edge) return edgeWords(edge, nameOf);
  const id = part.dataset.component;
  const blocked = shown.flows.filter(flow => flow.verdict === 'blocked' && (flow.from === id || flow.to === id));
  return [
    part.getAttribute('aria-label') ?? '',
    ...blocked.map(flow => `✕ ${flowTitle(flow, nameOf)}: ${flowReason(flow)}`),
  ].join('\n');
}

/** Opens the finding of a connection or what needs it, or the manifest of a component. */
function open(part: SVGElement): void {
  const { component, edge: edgeId } = part.dataset;
  if (component !== undefined) vscode.postMessage({ type: 'open', what: 'component', id: component });
  const flows = edges().find(({ id }) => id === edgeId)?.flows ?? [];
  const flow = flows.find(({ finding }) => finding) ?? flows[0];
  if (flow) vscode.postMessage({ type: 'open', what: 'flow', id: flow.id });
}

function onKey(event: KeyboardEvent): void {
  const part = partOf(event.target);
  if (!part) return;
  const parts = focusable();
  const index = parts.indexOf(part);
  const target = () => {
    switch (event.key) {
      case 'Home':
        return parts[0];
      case 'End':
        return parts.at(-1);
      case 'PageDown':
        return parts[(index + 1) % parts.length];
      case 'PageUp':
        return parts.at(index - 1);
      default:
        return nextInDirection(event.key, centreOf(part), parts.map(centreOf), index).map(at => parts[at])[0];
    }
  };
  if (event.key === 'Enter' || event.key === ' ') open(part);
  else {
    const next = target();
    if (!next) return;
    next.focus();
  }
  event.preventDefault();
}

function moveTab(event: KeyboardEvent): void {
  const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
  if (step === 0 || !(event.target instanceof HTMLElement) || event.target.role !== 'tab') return;
  const tab = tabs[(tabs.indexOf(state.tab) + step + tabs.length) % tabs.length] ?? 'picture';
  change({ tab });
  element(`tab-${tab}`).focus();
}

/** Where the picture would be too small to read it is scrolled instead. */
const smallestFit = 0.62;

function currentZoom(): number {
  if (state.zoom !== undefined) return state.zoom;
  const width = layout?.width ?? 1;
  return Math.min(1, Math.max(smallestFit, (canvas.clientWidth - 4) / width));
}

function zoomPicture(): void {
  const svg = canvas.querySelector('svg');
  if (!svg || !layout) return;
  const zoom = currentZoom();
  svg.setAttribute('width', String(Math.round(layout.width * zoom)));
  svg.setAttribute('height', String(Math.round(layout.height * zoom)));
}

function exportSvg(): void {
  if (!shown || !layout) return;
  const title = 'Network of the deployment';
  const svg = networkSvg(shown, layout, { kind: 'standalone', title, light: lightPalette, dark: darkPalette });
  vscode.postMessage({ type: 'export', svg });
}

function edges(): readonly Edge[] {
  return layout?.edges ?? [];
}

/** Everything in the picture that can be chosen: components first, then connections, as they are drawn. */
function focusable(): readonly SVGElement[] {
  return [
    ...canvas.querySelectorAll<SVGElement>('[data-component]'),
    ...canvas.querySelectorAll<SVGElement>('[data-edge]'),
  ];
}

function idOf(part: SVGElement): string | undefined {
  return part.dataset.component ?? part.dataset.edge;
}

function partOf(target: EventTarget | null): SVGElement | undefined {
  const found = target instanceof Element ? target.closest('[data-component], [data-edge]') : null;
  return found instanceof SVGElement ? found : undefined;
}

/** The middle of a component, or of the label of a connection. */
function centreOf(part: SVGElement): { x: number; y: number } {
  const { x, y, width, height } = (part.querySelector('.pill') ?? part).getBoundingClientRect();
  return { x: x + width / 2, y: y + height / 2 };
}

function verdictBoxes(): readonly HTMLInputElement[] {
  return [...document.querySelectorAll<HTMLInputElement>('fieldset input[value]:not([id])')];
}

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

function select(id: string): HTMLSelectElement {
  return element(id) as HTMLSelectElement;
}

function input(id: string): HTMLInputElement {
  return element(id) as HTMLInputElement;
}
