import { cudaDeclarations, cudaEntryPoint } from '../cuda/index.ts';
import { control, controlWords, recordKind } from './wgsl-engine.ts';

/** A module's text, and the words from one of its states to the next. */
export interface HostModule {
  readonly namespace: string;
  readonly text: string;
  readonly stateWords: number;
}

/**
 * A C++ program that runs the texts on the CPU. Its argument says which one; memory comes in and goes out as words,
 * each block after its length. A payload is written to room that is aligned and only then becomes part of a record.
 */
export function hostProgram(modules: readonly HostModule[]): string {
  const cases = modules.map(
    ({ namespace, stateWords }, i) =>
      `    case ${i}: run(memory, ${stateWords}u, ${namespace}::${cudaEntryPoint}); break;`,
  );
  return [
    '#include <cstdio>',
    '#include <cstdlib>',
    '#include <cstring>',
    '#include <vector>',
    cudaDeclarations,
    hooks,
    ...modules.map(({ text }) => text),
    engine,
    'int main(int, char** args) {',
    '  Memory memory;',
    '  switch (atoi(args[1])) {',
    ...cases,
    '    default: return 4;',
    '  }',
    '  write(memory.control);',
    '  write(memory.states);',
    '  for (const Words& records : memory.records) write(records);',
    '  return 0;',
    '}',
    '',
  ].join('\n');
}

const hooks = `typedef std::vector<rk_u32> Words;

struct Host {
  Words* records;
  bool faulted;
  rk_u32 words;
  alignas(16) unsigned char room[8192];
};

static Host* hostOf(RkTurn* rk) { return static_cast<Host*>(rk->host); }

static void flush(Host* host) {
  const rk_u32* words = reinterpret_cast<const rk_u32*>(host->room);
  host->records->insert(host->records->end(), words, words + host->words);
  host->words = 0;
}

static unsigned char* open(RkTurn* rk, rk_u32 kind, rk_u32 a, rk_u32 b, rk_u32 c, rk_u32 size) {
  Host* host = hostOf(rk);
  flush(host);
  for (rk_u32 word : {kind, a, b, c}) host->records->push_back(word);
  if (host->records->size() > (1u << 22) || size > sizeof(host->room)) exit(5);
  host->words = (size + 3) / 4;
  memset(host->room, 0, sizeof(host->room));
  return host->room;
}

RK_DEV unsigned char* rk_send(RkTurn* rk, rk_u32 to, rk_u32 type, rk_u32 size, rk_u32 priority) {
  return open(rk, ${recordKind.send}, type, to, priority, size);
}
RK_DEV unsigned char* rk_reply(RkTurn* rk, rk_u32 type, rk_u32 size) {
  return open(rk, ${recordKind.reply}, type, 0, 0, size);
}
RK_DEV unsigned char* rk_emit(RkTurn* rk, rk_u32 type, rk_u32 size) {
  return open(rk, ${recordKind.emit}, type, 0, 0, size);
}
RK_DEV void rk_fault(RkTurn* rk, rk_u32 site, rk_u32 value) {
  if (hostOf(rk)->faulted) return;
  hostOf(rk)->faulted = true;
  open(rk, ${recordKind.fault}, site, value, 0, 0);
}
`;

const engine = `static Words read() {
  rk_u32 count = 0;
  if (fread(&count, 4, 1, stdin) != 1) exit(3);
  Words words(count);
  if (count > 0 && fread(words.data(), 4, count, stdin) != count) exit(3);
  return words;
}

static void write(const Words& words) {
  const rk_u32 count = static_cast<rk_u32>(words.size());
  fwrite(&count, 4, 1, stdout);
  if (count > 0) fwrite(words.data(), 4, count, stdout);
}

struct Memory {
  Words params = read(), control = read(), deliveries = read(), messages = read(), states = read();
  std::vector<Words> records = std::vector<Words>(params[0]);
};

typedef bool (*Handle)(RkTurn*, rk_u32);

static void turn(Memory& m, Host& host, rk_u32 self, rk_u32 stride, const rk_u32* header, Handle handle) {
  RkTurn rk = {};
  rk.state = reinterpret_cast<unsigned char*>(m.states.data() + self * stride);
  rk.message = reinterpret_cast<const unsigned char*>(header + 16);
  rk.self = m.params[1] + self;
  rk.sender = header[12];
  rk.index = self;
  rk.instances = m.params[0];
  rk.base = m.params[1];
  rk.seed = m.params[2];
  rk.now = ((header[8] | (rk_u64)header[9] << 32) << 12) + header[10];
  rk.draws = &m.control[self * ${controlWords} + ${control.draws}];
  rk.host = &host;
  const bool handled = handle(&rk, header[1]);
  open(&rk, ${recordKind.handled}, handled, 0, 0, 0);
}

static void run(Memory& m, rk_u32 stride, Handle handle) {
  for (rk_u32 self = 0; self < m.params[0]; self++) {
    Host host = {};
    host.records = &m.records[self];
    const rk_u32* control = &m.control[self * ${controlWords}];
    for (rk_u32 i = 0; i < control[${control.count}]; i++) {
      host.faulted = false;
      const rk_u32* header = &m.messages[m.deliveries[control[${control.first}] + i]];
      turn(m, host, self, stride, header, handle);
    }
  }
}
`;
