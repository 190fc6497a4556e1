import { Graph, layout } from '@dagrejs/dagre';
import type { NetworkComponent, NetworkFlow, NetworkReport } from '../protocol/network';
import { portText, type Verdict, verdicts } from './words';

/** Where everything stands, in CSS pixels from the top left corner. */
export interface NetworkLayout {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly NodeBox[];
  readonly edges: readonly Edge[];
}

export interface NodeBox {
  readonly component: NetworkComponent;
  /** Of the top left corner. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** All ports of one verdict from one component to another. */
export interface Edge {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly verdict: Verdict;
  /** What is needed; empty for what is open and not needed. */
  readonly flows: readonly NetworkFlow[];
  readonly ports: readonly { readonly port: number; readonly protocol: string }[];
  /** From the source to the destination. */
  readonly points: readonly Point[];
  /** The middle of the label. */
  readonly label: Point;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

const nodeHeight = 46;
const margin = 20;

/** Lays a network out from left to right. The same report gives the same layout. */
export function layoutNetwork(report: NetworkReport): NetworkLayout {
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: 'LR', nodesep: 16, edgesep: 10, ranksep: 56, marginx: margin, marginy: margin + 10 });
  for (const component of report.components)
    graph.setNode(component.id, { width: widthOf(component), height: nodeHeight });
  const edges = edgesOf(report);
  for (const edge of edges) {
    // A connection between the pods of one component is drawn on the component.
    if (edge.from === edge.to) continue;
    const label = { width: labelWidth(edge.ports), height: labelHeight, labelpos: 'c' };
    graph.setEdge(edge.from, edge.to, label, edge.id);
  }
  layout(graph);
  const nodes = report.components.map((component): NodeBox => {
    const { x, y, width, height } = graph.node(component.id) as Required<Point & { width: number; height: number }>;
    return { component, x: x - width / 2, y: y - height / 2, width, height };
  });
  const boxes = new Map(nodes.map(node => [node.component.id, node]));
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return {
    width: Math.max(finite(width), 2 * margin),
    height: Math.max(finite(height), 2 * margin),
    nodes,
    edges: edges.flatMap((edge): readonly Edge[] => {
      const box = boxes.get(edge.from);
      if (edge.from === edge.to) return box ? [{ ...edge, ...loopOn(box) }] : [];
      const laid = graph.edge(edge.from, edge.to, edge.id) as Point & { points: readonly Point[] };
      const points = laid.points.map(({ x, y }) => ({ x, y }));
      return [{ ...edge, points, label: onLine(points, laid) }];
    }),
  };
}

export const labelHeight = 18;

/** The room that the ports of an edge take, with the sign before them. */
export function labelWidth(ports: Edge['ports']): number {
  return 24 + labelText(ports).length * 6.4;
}

/** `5432, 8000 +2` */
export function labelText(ports: Edge['ports']): string {
  const shown = ports.slice(0, 2).map(portText).join(', ');
  return ports.length > 2 ? `${shown} +${ports.length - 2}` : shown;
}

/** The second line of a component. */
export function subtitleOf({ kind, namespace, isolated, instance }: NetworkComponent): string {
  if (kind === undefined) return namespace === undefined ? 'outside' : `outside · ${namespace}`;
  const policies = isolated.includes('Ingress') ? '' : ' · no ingress policy';
  return `${kind}${namespace === undefined ? '' : ` · ${namespace}`}${instance === 'li' ? ' · LI' : ''}${policies}`;
}

function widthOf(component: NetworkComponent): number {
  return Math.round(Math.max(120, component.name.length * 8 + 34, subtitleOf(component).length * 6.2 + 34));
}

/** A bow over the upper edge of a component. */
function loopOn({ x, y, width }: NodeBox): { points: readonly Point[]; label: Point } {
  const right = x + width - 14;
  const left = right - 44;
  return {
    points: [
      { x: left, y },
      { x: left, y: y - 14 },
      { x: right, y: y - 14 },
      { x: right, y },
    ],
    label: { x: (left + right) / 2, y: y - 11 },
  };
}

/** The point of the drawn line that is next to a point; see {@link knot}. */
function onLine(points: readonly Point[], { x, y }: Point): Point {
  const inner = points.slice(1, -1).map((_, index) => knot(points, index + 1));
  const distance = (point: Point): number => (point.x - x) ** 2 + (point.y - y) ** 2;
  return [...inner].sort((a, b) => distance(a) - distance(b))[0] ?? { x, y };
}

/** Where a uniform cubic B-spline comes closest to one of its control points. */
export function knot(points: readonly Point[], index: number): Point {
  const at = points[index] ?? { x: 0, y: 0 };
  const before = points[index - 1] ?? at;
  const after = points[index + 1] ?? at;
  return { x: (before.x + 4 * at.x + after.x) / 6, y: (before.y + 4 * at.y + after.y) / 6 };
}

function edgesOf(report: NetworkReport): readonly Omit<Edge, 'points' | 'label'>[] {
  const edges = new Map<string, { from: string; to: string; verdict: Verdict; flows: NetworkFlow[]; ports: Port[] }>();
  const edgeOf = (from: string, to: string, verdict: Verdict) => {
    const id = `${from} → ${to} ${verdict}`;
    const edge = edges.get(id) ?? { from, to, verdict, flows: [], ports: [] };
    edges.set(id, edge);
    return edge;
  };
  for (const flow of report.flows) {
    const edge = edgeOf(flow.from, flow.to, flow.verdict);
    edge.flows.push(flow);
    edge.ports.push(flow);
  }
  for (const { from, to, port, protocol } of report.unneeded)
    for (const source of from) edgeOf(source, to, 'open').ports.push({ port, protocol });
  return [...edges]
    .map(([id, edge]) => ({ id, ...edge }))
    .sort((a, b) => verdicts.indexOf(a.verdict) - verdicts.indexOf(b.verdict) || (a.id < b.id ? -1 : 1));
}

interface Port {
  readonly port: number;
  readonly protocol: string;
}

/** The library gives an empty graph a negative or infinite size. */
function finite(size: number): number {
  return Number.isFinite(size) ? Math.ceil(size) : 0;
}
