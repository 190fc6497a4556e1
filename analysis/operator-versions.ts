import type { SourceFile } from '../manifests/file';
import type { Index, Workspace } from '../manifests/workspace';
import { type ChartRelease, chartReleases } from './charts';

/** A version as its numbers: `1.22.1` is `[1, 22, 1]`; `[1, 22]` is one of its line. */
export type Version = readonly number[];

/**
 * The version of the CloudNativePG operator, if a script or a release installs a certain one or the tree holds its
 * Deployment.
 */
export function cloudNativePgVersion(workspace: Workspace): Version | undefined {
  const [version] = workspace.lookup(cloudNativePgVersions, '');
  return (
    version ??
    chartReleases(workspace)
      .map(operatorOfRelease)
      .find(operator => operator !== undefined)
  );
}

/** Whether a version is the other one or an older one. */
export function isAtMost(version: Version, other: Version): boolean {
  for (let at = 0; at < Math.max(version.length, other.length); at++) {
    const difference = (version[at] ?? 0) - (other[at] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return true;
}

const cloudNativePgVersions: Index<Version> = {
  name: 'versions of CloudNativePG',
  *resource(resource) {
    if (resource.kind !== 'Deployment') return;
    for (const container of resource.root.at('spec', 'template', 'spec', 'containers').items()) {
      const found = /\/cloudnative-pg:(\d+(?:\.\d+)+)/.exec(container.at('image').text ?? '');
      if (found?.[1]) yield ['', versionOf(found[1])];
    }
  },
  *textFile(file: SourceFile) {
    if (/\.md$/i.test(file.path)) return;
    // The release manifests are called cnpg-1.22.0.yaml.
    const found = /\bcnpg-(\d+\.\d+\.\d+)\.ya?ml\b/.exec(file.text);
    if (found?.[1]) yield ['', versionOf(found[1])];
    if (!file.text.includes('/cloudnative-pg')) return;
    const chart = chartInstalled.exec(file.text.replaceAll(/\\\r?\n/g, ' '))?.[1];
    const operator = chart === undefined ? undefined : operatorOfChart(versionOf(chart));
    if (operator) yield ['', operator];
  },
  equal: (a, b) => a.join() === b.join(),
};

/** The operator of a release of Flux, Argo CD or K3s, if its version is exact or a line such as `0.22.x`. */
function operatorOfRelease({ chart, version }: ChartRelease): Version | undefined {
  const found = chart === 'cloudnative-pg' ? /^[v=~^]?(\d+)\.(\d+)(?:\.(\d+|x|\*))?$/.exec(version ?? '') : null;
  if (!found) return undefined;
  const [, major, minor, patch = ''] = found;
  // Of a line, the last chart is installed, and not its first.
  return operatorOfChart([Number(major), Number(minor), /^\d+$/.test(patch) ? Number(patch) : 1]);
}

/** `helm upgrade --install cnpg cnpg/cloudnative-pg --version 0.22.1`, on one line. */
const chartInstalled = /^[^#\n]*\bhelm\b[^#\n]*\/cloudnative-pg\b[^#\n]*--version[= ]["']?v?(\d+\.\d+\.\d+)/m;

/**
 * The operator that a version of the chart cloudnative-pg installs: 0.16.1 has 1.18.1 and 0.27.1 has 1.28.1 (appVersion
 * in charts/cloudnative-pg/Chart.yaml of github.com/cloudnative-pg/charts). The last numbers do not always agree, so
 * only the first chart of a line tells one.
 */
function operatorOfChart([major, minor = 0, patch = 0]: Version): Version | undefined {
  if (major !== 0 || minor < 13) return undefined;
  const line = [1, minor <= 24 ? minor + 2 : minor + 1];
  return patch === 0 ? [...line, 0] : line;
}

function versionOf(text: string): Version {
  return text.split('.').map(Number);
}
