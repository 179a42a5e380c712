/** Lower-case words of C, C++ and WGSL that can't name a field (WGSL 15.2, C++ lex.key). */
export const reservedWords: ReadonlySet<string> = new Set(
  `abstract active alias alignas alignof and as asm async attribute auto await become bitand bitor bool break case
  cast catch char class coherent common compile compl concept const consteval constexpr constinit continue continuing
  crate debugger decltype default delete demote diagnostic discard do double else enable enum explicit export extends
  extern external fallthrough false filter final finally float fn for friend from fxgroup get goto groupshared highp
  if impl implements import inline instanceof int interface layout let long loop lowp macro match mediump meta mod
  module move mut mutable namespace new nil noexcept noinline noncoherent noperspective not null nullptr of operator
  or override package packoffset partition pass patch pixelfragment precise precision premerge priv private protected
  pub public readonly ref regardless register require requires resource restrict return self set shared short signed
  sizeof smooth snorm static std struct subroutine super switch target template this throw trait true try type typedef
  typeid typename typeof union unless unorm unsafe unsigned unsized use using var varying virtual void volatile wgsl
  where while with writeonly xor yield`.split(/\s+/),
);
