import path from 'node:path';
import { checkWithOciSuite } from './oci-suite.ts';
import { startGoRegistry, startZot } from './real-registry.ts';
import { findReferees, withReferee } from './referees.ts';
import { findProgram } from './run-program.ts';
import type { Tally } from './tally.ts';
import { checkTwoServers } from './two-servers.ts';

/** What is built with Go: the tests of the distribution spec, and servers beside Debian's. */
export async function runGo(tally: Tally, directory: string): Promise<void> {
  const { ociSuite, goRegistry, zot, dockerRegistry, skopeo } = findReferees();
  if (ociSuite === null && findProgram('go') === null) return tally.skip('referees in Go', 'Go is not installed');
  await withReferee(tally, 'the OCI conformance suite', {
    programs: [ociSuite],
    body: (program) => checkWithOciSuite({ program, tally, directory: path.join(directory, 'oci-suite') }),
  });
  const servers = [
    { name: "go-containerregistry's registry", program: goRegistry, start: startGoRegistry },
    { name: 'zot', program: zot, start: (file: string) => startZot(file, path.join(directory, 'zot')) },
  ];
  for (const { name, program, start } of servers) {
    await withReferee(tally, `docker-registry and ${name}`, {
      programs: [program, dockerRegistry, skopeo],
      body: (file, docker, looker) =>
        checkTwoServers({
          dockerRegistry: docker,
          skopeo: looker,
          other: { name, start: () => start(file) },
          tally,
          directory: path.join(directory, name.replaceAll(/\W/g, '-')),
        }),
    });
  }
}
