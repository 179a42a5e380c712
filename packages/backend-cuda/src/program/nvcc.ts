import { compileInFolder, output } from './command.ts';
import { type Compiler, oldestArchitecture } from './compiler.ts';

/** The toolkit's nvcc, for where there is no NVRTC. Its PTX is for this compute capability and up. */
export function nvcc(architecture: number = oldestArchitecture): Compiler {
  const options = ['-ptx', `-arch=compute_${architecture}`, '-std=c++17', '--fmad=false'];
  return {
    name: 'nvcc',
    architecture,
    async identify(): Promise<string> {
      const version = await output('nvcc', '--version');
      const release = /release .*/u.exec(version)?.[0] ?? version.trim();
      return `nvcc ${release} ${options.join(' ')}`;
    },
    compile: (name, text) => compileInFolder('nvcc', options, architecture, name, text),
  };
}
