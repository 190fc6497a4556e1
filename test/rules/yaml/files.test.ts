import assert from 'node:assert/strict';
import fileNotRead from '../../../rules/yaml/file-not-read';
import fileTemplatedSkipped from '../../../rules/yaml/file-templated-skipped';
import yamlSyntax from '../../../rules/yaml/yaml-syntax';
import { check } from '../../fixture';
import { expectMarks } from '../expect';

describe('file-templated-skipped', () => {
  it('takes braces in strings, comments and block scalars for text', () => {
    expectMarks(
      fileTemplatedSkipped,
      `
      # {{ .Values.note }}
      annotations:
        summary: "Pod {{ $labels.pod }} is down"
        description: '{{ $value }} errors'
        legend: |
          {{instance}}
          a: {{ .Values.x }}
      `,
    );
  });

  it('is said once per file, at the first action', () => {
    expectMarks(
      fileTemplatedSkipped,
      `
      a: 1
      ---
      {{- if .Values.enabled }}
      #^^^^^^^^^^^^^^^^^^^^^^^^ info: main.yaml is a template
      a: 1
      {{- end }}
      ---
      b: {{ .Values.b }}
      `,
    );
  });
});

describe('file-not-read', () => {
  it('says nothing of an empty file', () => {
    expectMarks(fileNotRead, '#- /empty.yaml\n# nothing\n#- /other.sh\n\n');
  });
});

describe('yaml-syntax', () => {
  it('finds tabs as indentation, so that they need no rule of their own', () => {
    const [finding] = check('a: 1\nb:\n\tc: 1\n', [yamlSyntax]).findings;
    assert.match(finding?.problem.message ?? '', /^Tabs are not allowed as indentation/);
  });
});
