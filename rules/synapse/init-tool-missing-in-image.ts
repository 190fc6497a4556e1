import { commandLine } from '../../analysis/configs';
import { lacksTool, packagesWith } from '../../analysis/image-tools';
import { mountsOf } from '../../analysis/mounts';
import { type Container, containersOf, podTemplate, workloadKinds } from '../../analysis/pods';
import { type ContainerScript, scriptOf } from '../../analysis/scripts';
import { readShell } from '../../analysis/text/shell';
import type { ShellScript } from '../../analysis/text/shell-nodes';
import { type RunStep, runShell } from '../../analysis/text/shell-run';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Fix, Problem, Rule } from '../rule';

export default {
  id: 'init-tool-missing-in-image',
  items: [],
  severity: 'error',
  summary: 'A container’s script runs a program that its image does not have.',
  why: 'The shell answers "not found". Without `set -e` the script goes on, and what the program should have written is empty: Synapse then starts with an empty homeserver.yaml, or not at all.',
  remedy:
    'Take an image that has the program, or use what the image has: in a Python image `os.path.expandvars` does what `envsubst` does.',
  traps: [
    'Only images of which the contents are known are judged: Synapse, BusyBox, Alpine, Debian, slim Python, Redis, PostgreSQL, rclone, curl, LiveKit.',
    'A program that the script installs first, downloads, or asks for with `command -v` is accepted.',
    'A container that is not root, or whose file system is read-only, cannot install packages: that is a warning.',
  ],
  sources: [
    'element-hq/synapse, docker/Dockerfile: the list of packages has no gettext',
    'Dockerfiles of the official images (docker-library); BusyBox, list of applets',
  ],
  examples: {
    bad: `
      #- /synapse.yaml
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
      spec:
        template:
          spec:
            initContainers:
              - name: render-config
                image: matrixdotorg/synapse:v1.139.2
                command:
                  - sh
                  - -c
                  - |
                    envsubst < /template/homeserver.yaml > /config/homeserver.yaml
      #             ^^^^^^^^ 💡 error: matrixdotorg/synapse:v1.139.2 has no envsubst
                volumeMounts:
                  - name: template
                    mountPath: /template
                  - name: config
                    mountPath: /config
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
            volumes:
              - name: config
                emptyDir: {}
              - name: template
                configMap:
                  name: synapse-config
                  optional: true
    `,
    good: `
      #- /synapse.yaml
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
      spec:
        template:
          spec:
            initContainers:
              - name: render-config
                image: matrixdotorg/synapse:v1.139.2
                command:
                  - sh
                  - -c
                  - |
                    python3 -c 'import os,sys;sys.stdout.write(os.path.expandvars(sys.stdin.read()))' < /template/homeserver.yaml > /config/homeserver.yaml
                volumeMounts:
                  - name: template
                    mountPath: /template
                  - name: config
                    mountPath: /config
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
            volumes:
              - name: config
                emptyDir: {}
              - name: template
                configMap:
                  name: synapse-config
                  optional: true
    `,
  },
  kinds: workloadKinds,
  *check(resource, workspace) {
    for (const container of containersOf(resource)) {
      if (bringsOwnPrograms(container)) continue;
      for (const kind of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
        const [asked] = container.value.at(kind, 'exec', 'command').items();
        if (asked?.text && lacksTool(container.image, asked.text))
          yield {
            at: asked,
            message: `${container.image} has no ${asked.text}, so the ${kind} of container ${container.name} always fails — ask by httpGet or tcpSocket, or use a program that it has.`,
          };
      }
      const [program] = commandLine(container);
      const script = scriptOf(workspace, resource, container);
      if (program?.text && container.value.at('command').exists && lacksTool(container.image, program.text)) {
        yield {
          at: program,
          message: `${container.image} has no ${program.text}, so ${kindOf(container)} ${container.name} does not start — use sh, or another image.`,
        };
      } else if (script) yield* missingIn(resource, container, script);
    }
  },
} satisfies Rule;

function* missingIn(resource: Resource, container: Container, script: ContainerScript): Iterable<Problem> {
  const shell = readShell(script.text.text);
  const installed = new Set<string>();
  const said = new Set<string>();
  const steps: { step: RunStep; isInstalled: boolean }[] = [];
  runShell(shell, step => {
    for (const name of installs(step)) installed.add(name);
    const { name = '' } = step;
    if (step.remote || said.has(name) || shell.functions.has(name) || !lacksTool(container.image, name)) return;
    const word = step.command.nameWord;
    if (!word || word.value !== name || step.conditional || isProvided(shell, name)) return;
    said.add(name);
    const isInstalled = [...installed].some(
      one => packagesWith(name).test(one.replace(/[=~<>].*$/, '')) || one === '*',
    );
    steps.push({ step, isInstalled });
  });
  for (const { step, isInstalled } of steps) {
    const { name = '' } = step;
    const word = step.command.nameWord;
    if (!word || (isInstalled && canInstall(resource, container))) continue;
    const at = script.text.place(word.span.start, word.span.end);
    const where = `${kindOf(container)} ${container.name}`;
    yield {
      at,
      ...(isInstalled || step.errorsIgnored ? { severity: 'warning' as const } : {}),
      message: isInstalled
        ? `${container.image} has no ${name}, and ${where} may not install it: it is not root, or its file system is read-only — use an image that has it.`
        : `${container.image} has no ${name}, which the script of ${where} runs — use an image that has it, or another program.`,
      fixes: () => withPython(container, script, step, at),
    };
  }
}

/** The packages that a command installs; `*` for those that it does not name. */
function installs({ name = '', args }: RunStep): readonly string[] {
  const words = args.filter(word => !word.value.startsWith('-'));
  const [verb, ...rest] = words;
  const isInstall =
    (name === 'apk' && verb?.value === 'add') ||
    (/^(?:apt|apt-get|dnf|yum|microdnf|tdnf)$/.test(name) && verb?.value === 'install');
  return isInstall ? rest.map(word => (word.certainty === 'known' ? word.value : '*')) : [];
}

/** Whether the script asks for the program before it uses it, or makes it. */
function isProvided(shell: ShellScript, tool: string): boolean {
  return shell.commands.some(
    command =>
      (/^(?:command|which|type|hash)$/.test(command.name ?? '') && command.args.some(arg => arg.value === tool)) ||
      (/^(?:chmod|install|ln|mv|cp)$/.test(command.name ?? '') &&
        command.args.some(arg => arg.value.endsWith(`/${tool}`))) ||
      command.redirects.some(redirect => redirect.target?.value.endsWith(`/${tool}`)) ||
      (command.name === 'alias' && command.args.some(arg => arg.value.startsWith(`${tool}=`))),
  );
}

/** Whether a container has programs from elsewhere: its own PATH, or a volume in a folder of programs. */
function bringsOwnPrograms(container: Container): boolean {
  return (
    container.value
      .at('env')
      .items()
      .some(variable => variable.at('name').text === 'PATH') ||
    mountsOf(container).some(mount => /^\/(?:usr\/)?(?:local\/)?s?bin(?:\/|$)/.test(mount.mountPath))
  );
}

function canInstall(resource: Resource, container: Container): boolean {
  const own = container.value.at('securityContext');
  const pod = podTemplate(resource)?.at('spec', 'securityContext');
  const user = own.at('runAsUser').number ?? pod?.at('runAsUser').number ?? 0;
  const isNonRoot = own.at('runAsNonRoot').boolean ?? pod?.at('runAsNonRoot').boolean ?? false;
  return user === 0 && !isNonRoot && own.at('readOnlyRootFilesystem').boolean !== true;
}

function kindOf({ isInit }: Container): string {
  return isInit ? 'init container' : 'container';
}

/** Python instead of `envsubst`, where the image has it and the whole environment is put in. */
function withPython(container: Container, script: ContainerScript, { name, args }: RunStep, at: Place): readonly Fix[] {
  if (name !== 'envsubst' || args.length > 0 || script.value.style !== 'literal') return [];
  if (lacksTool(container.image, 'python3') !== false) return [];
  const newText = "python3 -c 'import os,sys;sys.stdout.write(os.path.expandvars(sys.stdin.read()))'";
  return [{ title: 'Let Python put the variables in', safe: false, edits: [{ at, newText }] }];
}
