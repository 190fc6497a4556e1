import type { Value } from '../../manifests/value';
import { type Occurrence, objectSubject } from './occurrence';

/**
 * The objects that queries of Prometheus name by labels, in rules and dashboards: `kube_deployment_labels{namespace="x",
 * deployment="y"}`. These labels are those of kube-state-metrics, of the kubelet and of the Prometheus Operator's targets.
 */
export function* queriedIn(root: Value): Iterable<Occurrence> {
  for (const value of root.scalars()) {
    const text = value.text;
    if (text === undefined || !hinted.test(text)) continue;
    for (const selector of text.matchAll(/\{([^{}\n]*)\}/g)) {
      const start = selector.index + 1;
      const matchers = [...(selector[1] ?? '').matchAll(matcher)].map(match => {
        const [whole, label = '', operator = '', quoted = ''] = match;
        return { label, operator, name: quoted, at: start + match.index + whole.indexOf(quoted, label.length) };
      });
      const namespace = matchers.find(one => one.label === 'namespace' && one.operator === '=')?.name;
      for (const { label, operator, name, at } of matchers) {
        const kind = kinds[label];
        if (kind === undefined) continue;
        let offset = at;
        // A pattern that only lists names names them.
        for (const part of operator.endsWith('~') ? name.split('|') : [name]) {
          if (objectName.test(part))
            yield {
              subject: objectSubject(kind, kind === 'Namespace' ? undefined : namespace, part),
              at: value.part(offset, offset + part.length),
              role: 'reference',
            };
          offset += part.length + 1;
        }
      }
    }
  }
}

/** In dashboards, which are JSON, the quotes are escaped. */
const matcher = /\b(\w+)\s*(=~|!~|!=|=)\s*\\?"([^"\\\n]+)\\?"/g;
const hinted = /\b(?:namespace|deployment|statefulset|daemonset|persistentvolumeclaim|service)\s*[=!]/;

const kinds: Readonly<Record<string, string>> = {
  namespace: 'Namespace',
  deployment: 'Deployment',
  statefulset: 'StatefulSet',
  daemonset: 'DaemonSet',
  persistentvolumeclaim: 'PersistentVolumeClaim',
  service: 'Service',
};

const objectName = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;
