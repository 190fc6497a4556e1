import type { SourceFile } from '../manifests/file';
import type { Index, Workspace } from '../manifests/workspace';

/** A version as its numbers: `1.22.1` is `[1, 22, 1]`. */
export type Version = readonly number[];

/** The version of the CloudNativePG operator, if a script installs a certain one or the tree holds its Deployment. */
export function cloudNativePgVersion(workspace: Workspace): Version | undefined {
  return workspace.lookup(cloudNativePgVersions, '')[0];
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
    // The release manifests are called cnpg-1.22.0.yaml.
    const found = /\bcnpg-(\d+\.\d+\.\d+)\.ya?ml\b/.exec(file.text);
    if (found?.[1] && !/\.md$/i.test(file.path)) yield ['', versionOf(found[1])];
  },
  equal: (a, b) => a.join() === b.join(),
};

function versionOf(text: string): Version {
  return text.split('.').map(Number);
}
