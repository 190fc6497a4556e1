import { isYaml } from '../../manifests/file';
import type { Rule } from '../rule';

export default {
  id: 'file-not-read',
  items: [],
  severity: 'warning',
  summary: 'A file of the tree was not read.',
  why: 'Nothing in the file is checked, and objects that only it declares are taken for missing.',
  remedy:
    'Make the file readable, or list it under `exclude` in `matrix-preflight.yaml` if it is no part of the deployment.',
  traps: ['For files that cannot be manifests, such as scripts, this is only information.'],
  examples: {
    bad: `
      #- /policies.yaml unread: permission is denied
      #^ warning: policies.yaml was not checked, because permission is denied
      #- /schema.sql unread: it is larger than 8 MiB
      #^ info: schema.sql was not checked, because it is larger than 8 MiB
    `,
    good: `
      #- /policies.yaml
      apiVersion: v1
      kind: Namespace
      metadata:
        name: matrix
    `,
  },
  *checkFile(file) {
    if (file.unread === undefined) return;
    yield {
      at: { uri: file.uri, span: { start: 0, end: 0 } },
      severity: isYaml(file.path) ? 'warning' : 'info',
      message: `${file.name} was not checked, because ${file.unread} — make it readable, or exclude it.`,
    };
  },
} satisfies Rule;
