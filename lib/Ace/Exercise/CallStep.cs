namespace PvPatch.Ace.Exercise;

/// <summary>Equal calls one after the other, on the way to a state.</summary>
internal readonly record struct CallStep(Call Call, int Times);
