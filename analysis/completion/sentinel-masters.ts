import type { Workspace } from '../../manifests/workspace';
import { configurationOf } from '../configs';
import { workloads } from '../roles';
import { readRedisConf, sentinelSettings } from '../text/redis-conf';
import { type Candidate, distinct } from './candidate';
import { isFromSecret } from './public-names';

/** The masters that the Sentinels of the tree watch, by name; `own` is a sentinel.conf that is being typed. */
export function sentinelMasters(workspace: Workspace, own = ''): readonly Candidate[] {
  const others = workloads(workspace, 'sentinel').flatMap(resource =>
    (configurationOf(workspace, resource, 'sentinel')?.files ?? [])
      .filter(file => !isFromSecret(file))
      .flatMap(file => mastersIn(file.content.text).map(label => named(label, `watched by ${resource.title}`))),
  );
  return distinct([...mastersIn(own).map(label => named(label, 'watched here')), ...others]);
}

function mastersIn(text: string): readonly string[] {
  return sentinelSettings(readRedisConf(text)).flatMap(({ master }) => master?.value ?? []);
}

function named(label: string, detail: string): Candidate {
  return { label, kind: 'name', detail, rank: 0 };
}
