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
});
