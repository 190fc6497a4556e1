import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { imageName, imageTag } from '../images';
import { containersOf, podTemplate, workloadKinds } from '../pods';
import { code, fewBullets, paragraphs, titleOf } from './markdown';

/** An image of a container: where it comes from, which version it is, and what else of the tree runs it. */
export function describeImage(workspace: Workspace, image: Value): string | undefined {
  const written = image.text;
  if (!written || !/^[\w.-]+(?::\d+)?(?:\/[\w.-]+)*(?::[\w.-]+)?(?:@[\w:]+)?$/.test(written)) return undefined;
  const { registry, repository } = partsOf(written);
  const users = usersOf(workspace, repository, registry).filter(one => !one.image.isAt(image));
  const same = users.filter(one => one.image.text === written);
  const others = users.filter(one => one.image.text !== written);
  return paragraphs(
    `**Image** ${code(repository)} from ${code(registry)}`,
    `${versionOf(written)}.`,
    same.length > 0 ? `Run by these, too:\n\n${fewBullets(same.map(one => one.title))}` : undefined,
    others.length > 0
      ? `In another version:\n\n${fewBullets(others.map(one => `${one.title}: ${code(versionText(one.image.text ?? ''))}`))}`
      : undefined,
  );
}

/**
 * Registry and repository of a reference, with what a container runtime adds (github.com/distribution/reference,
 * ParseNormalizedNamed): Docker Hub, and there `library` for images without a slash.
 */
function partsOf(image: string): { readonly registry: string; readonly repository: string } {
  const name = imageName(image);
  const slash = name.indexOf('/');
  const first = slash === -1 ? '' : name.slice(0, slash);
  if (first === 'localhost' || /[.:]/.test(first)) {
    const repository = name.slice(slash + 1);
    return { registry: first, repository: first === 'docker.io' ? repository.replace(/^library\//, '') : repository };
  }
  return { registry: 'docker.io', repository: name.replace(/^library\//, '') };
}

function versionOf(image: string): string {
  const digest = /@(.+)$/.exec(image)?.[1];
  const tag = imageTag(image);
  if (digest !== undefined)
    return `${tag === undefined ? 'Pinned' : `Tag ${code(tag)}, pinned`} to the digest ${code(digest)}`;
  return tag === undefined
    ? 'Without a tag, so it is `latest`: another version at any pull'
    : tag === 'latest'
      ? 'Tag `latest`: another version at any pull'
      : `Tag ${code(tag)}`;
}

function versionText(image: string): string {
  return /@(.+)$/.exec(image)?.[1] ?? imageTag(image) ?? 'latest';
}

/** The containers of the tree that run a repository. */
function usersOf(
  workspace: Workspace,
  repository: string,
  registry: string,
): readonly { readonly title: string; readonly image: Value }[] {
  return workloadKinds
    .flatMap(kind => workspace.resources(kind))
    .filter(resource => podTemplate(resource) !== undefined)
    .flatMap(resource =>
      containersOf(resource).flatMap(container => {
        const own = partsOf(container.image);
        return own.repository === repository && own.registry === registry
          ? [
              {
                title: `${container.isInit ? 'init container' : 'container'} ${code(container.name)} of ${titleOf(resource)}`,
                image: container.value.at('image'),
              },
            ]
          : [];
      }),
    );
}
