import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Fix } from '../rule';

/** Keeps a Service inside of the cluster; nothing where it says which ports of the nodes it opens, which somebody decided. */
export function makeClusterIp({ root }: Resource): readonly Fix[] {
  const ports = root.at('spec', 'ports').items();
  const hasNodePorts = ports.some(port => port.at('nodePort').exists);
  const edit = hasNodePorts ? undefined : replaceScalar(root.at('spec', 'type'), 'ClusterIP');
  return edit ? [{ title: 'Make it a ClusterIP Service', safe: false, edits: [edit] }] : [];
}
