import { kustomizationResources } from '../../analysis/kustomization';
import { isBelow } from '../../analysis/mounts';
import { insertEntry } from '../../manifests/edit';
import { directoryOf, resolvePath } from '../../manifests/paths';
import type { Resource } from '../../manifests/resource';
import type { Index, Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';

const kustomization = 'Kustomization.kustomize.toolkit.fluxcd.io';

export default {
  id: 'flux-decryption-missing',
  items: [],
  severity: 'error',
  kinds: [kustomization],
  summary: 'A Kustomization of Flux applies a file that SOPS has encrypted, and is not told to decrypt it.',
  why: 'Flux decrypts only what a Kustomization with `decryption` applies. Without it the API server is sent the encrypted text: it refuses the field `sops`, or takes the letters after `ENC[` for the password.',
  remedy: 'Add `decryption` with the provider and the Secret that holds the key, as the other Kustomizations have it.',
  traps: [
    'Judged only where another Kustomization of the tree says how it decrypts, or the one is there that applies this Kustomization.',
    'One that is given its decryption by patches of another Kustomization is left alone, and so is a file that the kustomization.yaml beside it does not list.',
  ],
  sources: ['fluxcd.io, Kustomization API, "Decryption"; Flux guide, "Manage Kubernetes secrets with SOPS"'],
  examples: { bad: example(true), good: example(false) },
  *check(resource, workspace) {
    const spec = resource.root.at('spec');
    if (spec.at('decryption').exists || spec.at('path').string === undefined) return;
    const path = spec.at('path');
    const own = folderOf(resource);
    const all = workspace.resources(kustomization);
    if (own === undefined || own === '' || all.some(isPatching) || !isJudged(all, resource)) return;
    const encrypted = workspace
      .lookup(encryptedFiles, '')
      .filter(file => isBelow(file, own) && !all.some(other => other !== resource && isCloser(other, file, own)))
      .filter(file => isListed(workspace, file));
    const [first] = encrypted;
    if (first === undefined) return;
    const pattern = all.map(one => one.root.at('spec', 'decryption')).find(one => one.at('secretRef', 'name').text);
    const others = encrypted.length > 1 ? ` and ${encrypted.length - 1} more` : '';
    yield {
      at: path,
      message: `Kustomization ${resource.name} applies ${first}${others}, which SOPS has encrypted, but it is not told to decrypt — add decryption.`,
      related: pattern ? [{ at: pattern.key, message: 'How another Kustomization decrypts' }] : [],
      fixes: () => {
        const secret = pattern?.at('secretRef', 'name').text;
        const edit =
          secret === undefined
            ? undefined
            : insertEntry(spec, `decryption:\n  provider: sops\n  secretRef:\n    name: ${secret}`);
        return edit ? [{ title: 'Decrypt as the other Kustomizations do', safe: false, edits: [edit] }] : [];
      },
    };
  },
} satisfies Rule;

/** The folder that a Kustomization applies; undefined where something has to be put into it. */
function folderOf(resource: Resource): string | undefined {
  const text = resource.root.at('spec', 'path').string;
  return text === undefined || text.includes('$') ? undefined : resolvePath('', text);
}

/** Whether another Kustomization applies a folder inside this one's that the file is in. */
function isCloser(other: Resource, file: string, own: string): boolean {
  const folder = folderOf(other);
  return folder !== undefined && folder !== own && isBelow(folder, own) && isBelow(file, folder);
}

/** Whether it is known how Kustomizations get their decryption. */
function isJudged(all: readonly Resource[], resource: Resource): boolean {
  return all.some(one => {
    if (one === resource) return false;
    if (one.root.at('spec', 'decryption').exists) return true;
    const folder = folderOf(one);
    return folder !== undefined && folder !== '' && isBelow(resource.document.file.directory, folder);
  });
}

/** Whether the patches of a Kustomization give decryption to those that it applies. */
function isPatching(resource: Resource): boolean {
  return [...resource.root.at('spec', 'patches').scalars(namesDecryption)].length > 0;
}

function namesDecryption(text: string): boolean {
  return text.includes('decryption');
}

/** Whether a file is applied: where a kustomization.yaml stands beside it, that has to list it. */
function isListed(workspace: Workspace, file: string): boolean {
  const directory = directoryOf(file);
  const listed = kustomizationResources(workspace, directory);
  return listed === undefined || listed.includes(file);
}

/** The paths of files with an encrypted object. */
const encryptedFiles: Index<string> = {
  name: 'files that SOPS has encrypted',
  *document(document) {
    if (document.resources.length > 0 && document.root.at('sops', 'mac').exists) yield ['', document.file.path];
  },
};

function example(isBad: boolean): string {
  const mark = isBad
    ? `
        #     ^^^^^^^^ 💡 error: Kustomization matrix applies matrix/secret.yaml, which SOPS has encrypted, but it is not told to decrypt — add decryption.`
    : '';
  const decryption = `
        decryption:
          provider: sops
          secretRef:
            name: sops-age`;
  return `
      #- /clusters/production/apps.yaml
      apiVersion: kustomize.toolkit.fluxcd.io/v1
      kind: Kustomization
      metadata: {name: monitoring, namespace: flux-system}
      spec:
        path: ./monitoring
        sourceRef: {kind: GitRepository, name: flux-system}${decryption}
      ---
      apiVersion: kustomize.toolkit.fluxcd.io/v1
      kind: Kustomization
      metadata: {name: matrix, namespace: flux-system}
      spec:
        path: ./matrix${mark}
        sourceRef: {kind: GitRepository, name: flux-system}${isBad ? '' : decryption}
      #- /matrix/secret.yaml
      apiVersion: v1
      kind: Secret
      metadata: {name: redis, namespace: matrix}
      stringData:
        password: ENC[AES256_GCM,data:Zm9v,iv:3q2+7w==,tag:AAECAwQ=,type:str]
      sops:
        mac: ENC[AES256_GCM,data:bWFj,iv:3q2+7w==,tag:AAECAwQ=,type:str]
        encrypted_regex: ^(data|stringData)$
    `;
}
