import type { NetworkReport } from '../protocol/network';
import {
  type Edge,
  knot,
  labelHeight,
  labelText,
  labelWidth,
  type NetworkLayout,
  type NodeBox,
  type Point,
  subtitleOf,
} from './layout';
import { type Palette, svgStyle } from './palette';
import { flowReason, flowTitle, namesIn, portText, signs, summarySentence, type Verdict, verdictWords } from './words';
import { escapeXml } from './xml';

/** How a picture is written. */
export type SvgOptions =
  /** A file of its own, with colours for bright and dark surroundings, a heading and a legend. */
  | { readonly kind: 'standalone'; readonly title: string; readonly light: Palette; readonly dark: Palette }
  /** Part of a page that has the colours and says the rest in words. */
  | { readonly kind: 'embedded'; readonly label: string }
  /** Part of a page where every component and connection can be chosen. */
  | { readonly kind: 'interactive'; readonly label: string };

/** The network as SVG text. Every text in it is escaped; there are no scripts, no links and no inline styles. */
export function networkSvg(report: NetworkReport, layout: NetworkLayout, options: SvgOptions): string {
  const standalone = options.kind === 'standalone';
  const width = standalone ? Math.max(layout.width, 760) : layout.width;
  const top = standalone ? 72 : 0;
  const height = layout.height + top + (standalone ? 44 : 0);
  const nameOf = namesIn(report);
  const isInteractive = options.kind === 'interactive';
  const edges = [...layout.edges].sort((a, b) => paintOrder.indexOf(a.verdict) - paintOrder.indexOf(b.verdict));
  const parts = [
    `<g transform="translate(${coordinate((width - layout.width) / 2)} ${top})">`,
    ...edges.map(edge => edgeSvg(edge, nameOf, isInteractive)),
    ...layout.nodes.map(node => nodeSvg(node, isInteractive)),
    '</g>',
  ];
  const role = isInteractive
    ? `role="group" aria-label="${escapeXml(options.label)}"`
    : `role="img" aria-label="${escapeXml(standalone ? options.title : options.label)}"`;
  const size = `viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`;
  const head = standalone
    ? [
        `<title>${escapeXml(options.title)}</title>`,
        `<desc>${escapeXml(summarySentence(report))}</desc>`,
        `<style>${svgStyle(options.light)}@media (prefers-color-scheme: dark) {${svgStyle(options.dark)}}</style>`,
        `<rect class="page" width="${width}" height="${height}"/>`,
        `<text class="heading" x="24" y="34">${escapeXml(options.title)}</text>`,
        `<text class="subheading" x="24" y="56">${escapeXml(summarySentence(report))}</text>`,
      ]
    : [];
  const foot = standalone ? [legend(24, height - 20)] : [];
  return `<svg xmlns="http://www.w3.org/2000/svg" class="network" ${size} ${role}>
<defs>${paintOrder.map(arrow).join('')}</defs>
${[...head, ...parts, ...foot].join('\n')}
</svg>
`;
}

/** What matters most is painted last, over the rest. */
const paintOrder: readonly Verdict[] = ['open', 'allowed', 'unknown', 'blocked'];

function arrow(verdict: Verdict): string {
  return `<marker id="network-arrow-${verdict}" class="arrow ${verdict}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path d="M0 1 L10 5 L0 9 z"/></marker>`;
}

function nodeSvg({ component, x, y, width, height }: NodeBox, isInteractive: boolean): string {
  const { id, name, instance, isolated, kind } = component;
  const services = component.services.length > 0 ? `, Services ${component.services.join(', ')}` : '';
  const words = `${name} ${subtitleOf(component)}${services}`;
  const unprotected = kind !== undefined && !isolated.includes('Ingress') ? ' unprotected' : '';
  const attributes = isInteractive
    ? ` tabindex="-1" role="button" data-component="${escapeXml(id)}" aria-label="${escapeXml(words)}"`
    : '';
  return `<g class="node ${instance}${unprotected}"${attributes} transform="translate(${coordinate(x)} ${coordinate(y)})"><title>${escapeXml(words)}</title><rect class="box" width="${coordinate(width)}" height="${height}" rx="7"/><rect class="stripe" x="7" y="9" width="4" height="${height - 18}" rx="2"/><text><tspan class="name" x="20" y="20">${escapeXml(name)}</tspan> <tspan class="detail" x="20" y="36">${escapeXml(subtitleOf(component))}</tspan></text></g>`;
}

function edgeSvg(edge: Edge, nameOf: (id: string) => string, isInteractive: boolean): string {
  const { id, verdict, points, label, ports } = edge;
  const words = edgeWords(edge, nameOf);
  const width = labelWidth(ports);
  const attributes = isInteractive
    ? ` tabindex="-1" role="button" data-edge="${escapeXml(id)}" data-from="${escapeXml(edge.from)}" data-to="${escapeXml(edge.to)}" aria-label="${escapeXml(`${labelText(ports)}: ${words}`)}"`
    : '';
  const line = path(points);
  const hit = isInteractive ? `<path class="hit" d="${line}"/>` : '';
  return `<g class="edge ${verdict}"${attributes}><title>${escapeXml(words)}</title>${hit}<path class="line" d="${line}" marker-end="url(#network-arrow-${verdict})"/><rect class="pill" x="${coordinate(label.x - width / 2)}" y="${coordinate(label.y - labelHeight / 2)}" width="${coordinate(width)}" height="${labelHeight}" rx="9"/><text class="port" x="${coordinate(label.x)}" y="${coordinate(label.y + 4)}">${escapeXml(`${signs[verdict]} ${labelText(ports)}`)}</text></g>`;
}

/** An edge in words, for tooltips and screen readers. */
export function edgeWords({ from, to, verdict, flows, ports }: Edge, nameOf: (id: string) => string): string {
  if (flows.length === 0)
    return `${nameOf(from)} → ${nameOf(to)}:${ports.map(portText).join(', ')}: ${verdictWords[verdict]}`;
  return flows.map(flow => `${flowTitle(flow, nameOf)}: ${verdictWords[verdict]}: ${flowReason(flow)}`).join('\n');
}

function legend(x: number, y: number): string {
  let left = x;
  return paintOrder
    .toReversed()
    .map(verdict => {
      const text = `${signs[verdict]} ${verdictWords[verdict]}`;
      const item = `<g class="edge ${verdict}"><path class="line" d="M${left} ${y} h28"/><text class="port start" x="${left + 36}" y="${y + 4}">${escapeXml(text)}</text></g>`;
      left += 60 + text.length * 6.4;
      return item;
    })
    .join('');
}

/** A smooth line through the first and the last point: a uniform cubic B-spline. */
function path(points: readonly Point[]): string {
  const [first, second] = points;
  const last = points.at(-1);
  if (!first || !second || !last) return '';
  const at = (index: number): Point => points[Math.min(Math.max(index, 0), points.length - 1)] ?? first;
  const mix = (a: Point, b: Point, share: number): string =>
    `${coordinate(a.x + (b.x - a.x) * share)} ${coordinate(a.y + (b.y - a.y) * share)}`;
  const curves = points.slice(1).map((_, index) => {
    const { x, y } = index + 1 === points.length - 1 ? last : knot(points, index + 1);
    const [a, b] = [at(index), at(index + 1)];
    return `C${mix(a, b, 1 / 3)} ${mix(a, b, 2 / 3)} ${coordinate(x)} ${coordinate(y)}`;
  });
  return `M${mix(first, first, 0)} ${curves.join(' ')}`;
}

/** One digit behind the point is finer than any screen. */
function coordinate(value: number): string {
  return String(Math.round(value * 10) / 10);
}
