import assert from 'node:assert/strict';
import { foundCommands } from '../../analysis/commands';
import { readFixture, workspaceOf } from '../fixture';

describe('commands of scripts and pages', () => {
  it('are those of shell scripts and of shell blocks in Markdown, each with its place', () => {
    const source = `
      #- /README.md
      Run \`kubectl get nodes\` first.
      ~~~bash
      kubectl get pods -n matrix
      ~~~
      ~~~yaml
      run: kubectl get secrets
      ~~~
        ~~~
        kubectl get jobs
        ~~~
      #- /deploy.sh
      kubectl apply -f a.yaml
      #- /other.txt
      kubectl get events
    `;
    const { files } = readFixture(source);
    const found = foundCommands(workspaceOf(files)).map(({ command, file, isShown, place }) => {
      const { start, end } = place(command.span).span;
      return `${file.path} ${isShown ? 'shown' : 'run'}: ${file.text.slice(start, end)}`;
    });
    assert.deepEqual(found, [
      'README.md shown: kubectl get pods -n matrix',
      'README.md shown: kubectl get jobs',
      'deploy.sh run: kubectl apply -f a.yaml',
    ]);
  });

  it('are those of indented code, and not what a list says in a paragraph', () => {
    const commands = (text: string): number => {
      const files = new Map([['README.md', text]]);
      return foundCommands(workspaceOf(files)).length;
    };
    const code = 'kubectl get pods of matrix.';
    assert.equal(commands(`Ask:\n\n    ${code}\n\nThen go on.\n`), 1);
    assert.equal(commands(`Ask:\n\n\t${code}\n`), 1);
    assert.equal(commands(`1. Ask:\n\n       ${code}\n`), 1);
    assert.equal(commands(`- Ask.\n\nThen:\n\n    ${code}\n`), 1);
    assert.equal(commands(`- Ask.\n\n    ${code}\n`), 0);
    assert.equal(commands(`- Ask.\n\n    That is:\n\n    ${code}\n`), 0);
    assert.equal(commands(`- Ask:\n\n    kubectl get pods\n`), 1);
  });
});
