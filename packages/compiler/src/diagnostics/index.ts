export { type DiagnosticCode, diagnosticTitles, type FaultCode, faultTitles } from './codes.ts';
export {
  CompileError,
  codeFrame,
  type Diagnostic,
  formatDiagnostic,
  formatPosition,
  type SourcePosition,
} from './compile-error.ts';
