import { baseName } from '../../manifests/paths';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import { podTemplate } from '../pods';
import { isUnfinished, type Refusal } from './refusal';

/*
 * Names, labels and keys, as the API server validates them (Kubernetes documentation, "Object Names and IDs" and "Labels
 * and Selectors"; apimachinery pkg/util/validation).
 */

/** What is wrong with the name, the labels and the keys of an object. */
export function* refusedNames(resource: Resource): Iterable<Refusal> {
  yield* objectName(resource);
  const template = podTemplate(resource);
  const labels = [
    resource.root.at('metadata', 'labels'),
    ...(template ? [template.at('metadata', 'labels')] : []),
    resource.root.at('spec', 'selector', 'matchLabels'),
    ...(resource.kind === 'Service' ? [resource.root.at('spec', 'selector')] : []),
  ];
  for (const mapping of new Set(labels)) yield* labelValues(mapping);
  if (resource.qualifiedKind === 'ConfigMap' || resource.qualifiedKind === 'Secret')
    for (const field of ['data', 'stringData', 'binaryData'])
      for (const [key, value] of resource.root.at(field).entries())
        if (!/^[-._a-zA-Z0-9]{1,253}$/.test(key) && key !== '<<')
          yield {
            at: value,
            what: `The key ${key} of ${resource.title} is none`,
            advice: 'use letters, digits, dashes, dots and underscores only',
          };
}

function* objectName(resource: Resource): Iterable<Refusal> {
  const name = resource.root.at('metadata', 'name');
  const text = name.text;
  if (text === undefined || isUnfinished(text) || pathNames.test(resource.group)) return;
  const isLabel = resource.qualifiedKind === 'Namespace' || resource.qualifiedKind === 'Service';
  const longest = isLabel ? 63 : resource.qualifiedKind === 'CronJob' ? 52 : 253;
  const isWellFormed = isLabel ? isDnsLabel(text, 253) : text.split('.').every(part => isDnsLabel(part, 253));
  if (isWellFormed && text.length <= longest) return;
  const lower = text.toLowerCase().replace(/_/g, '-');
  yield {
    at: name,
    what: `${text} is no name for a ${resource.kind}`,
    advice: isWellFormed
      ? `use at most ${longest} characters`
      : `use lower-case letters, digits${isLabel ? ' and dashes' : ', dashes and dots'} only`,
    ...(isDnsLabel(lower) && { instead: lower }),
  };
}

/** Groups whose objects may have any name that can stand in a path. */
const pathNames = /^rbac\.authorization\.k8s\.io$/;

function* labelValues(labels: Value): Iterable<Refusal> {
  for (const [key, value] of labels.entries()) {
    const text = value.string;
    if (key === '<<') continue;
    const name = baseName(key);
    const plain = text?.replace(/[^-\w.]+/g, '-') ?? '';
    if (!isUnfinished(key) && !isLabelText(name)) {
      yield {
        at: value,
        what: `${key} is no key for a label`,
        advice:
          'write a name of letters, digits, dashes, dots and underscores, after a domain and a slash if it has one',
      };
    } else if (text !== undefined && text !== '' && !isUnfinished(text) && !isLabelText(text)) {
      yield {
        at: value,
        what: `The label ${key} cannot have the value ${text}`,
        advice:
          text.length > 63 ? 'use at most 63 characters' : 'use letters, digits, dashes, dots and underscores only',
        ...(isLabelText(plain) && { instead: plain }),
      };
    }
  }
}

function isLabelText(text: string): boolean {
  return text.length <= 63 && /^[A-Za-z0-9](?:[-\w.]*[A-Za-z0-9])?$/.test(text);
}

export function isDnsLabel(text: string, longest = 63): boolean {
  return text.length <= longest && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(text);
}
