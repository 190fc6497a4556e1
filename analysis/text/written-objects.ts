/**
 * Names of Secrets and ConfigMaps that a program or a playbook may write into the cluster: by a client library, the API, a
 * manifest in its text, or a copy of what another namespace has. What `kubectl` is plainly told is read elsewhere.
 */
export function namesWrittenIn(text: string): readonly string[] {
  if (!writesTexts.test(text)) return [];
  const named = text
    .split(separator)
    .filter(part => writesTexts.test(part))
    .flatMap(part => [
      ...part.matchAll(names),
      ...part.matchAll(calls),
      ...part.replaceAll(/\\\r?\n/g, ' ').matchAll(copies),
    ]);
  return [...new Set(named.map(([, name = '']) => name))];
}

/** Whether a text may write a Secret or ConfigMap; a name of its own, so that a document knows it again. */
export const writesTexts =
  /create_namespaced_(?:secret|config_map)|\bkind["']?\s*[:=]\s*["']?(?:Secret|ConfigMap)\b|\bkubernetes_(?:secret|config_map)|\/namespaces\/[^\s"'/]+\/(?:secrets|configmaps)\b|["']create["'],\s*["'](?:secret|configmap)|\bget\s[^\n]*(?:secret|configmap|\bcm\b)[^\n]*\|/;

/** Where one object, code block or here-document ends. */
const separator = /^\s*(?:---|```.*|EOF)\s*$/m;

const names = /name["']?\s*[:=]\s*["']?([a-z0-9][a-z0-9.-]*[a-z0-9])/gi;

/** `["kubectl", "create", "secret", "generic", "NAME"]`. */
const calls = /["']create["'],\s*["'](?:secret["'],\s*["'][\w-]+|configmap)["'],\s*["']([a-z0-9][a-z0-9.-]*)/g;

/** `kubectl get secret NAME -n other -o yaml | … | kubectl apply -f -`. */
const copies =
  /\bget\s+(?:-n\s*\S+\s+)?(?:secrets?|configmaps?|cm)[\s/]+["']?([a-z0-9][a-z0-9.-]*)[^\n]*\|[^\n]*\b(?:kubectl|oc|k)\b[^\n]*\b(?:apply|create|replace)\b/g;

/** Names of Secrets and ConfigMaps to which a script or program of a text may add keys. */
export function namesPatchedIn(text: string): readonly string[] {
  return [...text.matchAll(new RegExp(patches, 'g'))].map(([, name = '']) => name);
}

/** `kubectl patch secret NAME`, and what the Python client calls so. */
export const patches =
  /\bpatch(?:[ \t]+-n[ =]*\S+)?(?:[ \t]+(?:secrets?|configmaps?|cm)[ \t/]+|_namespaced_(?:secret|config_map)\([ \t]*)["']?([a-z0-9][a-z0-9.-]*)/;
