using Iced.Intel;

namespace PvPatch.Ace.Exercise;

/// <summary>An instruction of the area, and what the exercise must know of it.</summary>
/// <param name="Decoded">The instruction.</param>
/// <param name="Returns">Whether it is <c>jmp *%r11</c>.</param>
/// <param name="Refusal">Why it is not run, as a clause; null when it is.</param>
/// <param name="RefusalKind">What that means for the area.</param>
/// <param name="Locked">Whether it reads and writes memory in one piece, as other processors see it.</param>
/// <param name="Splits">Whether another processor can come between its read and its write of memory.</param>
internal sealed record CodeInstruction(
    Instruction Decoded, bool Returns, string? Refusal, ExerciseFailureKind RefusalKind, bool Locked, bool Splits);
