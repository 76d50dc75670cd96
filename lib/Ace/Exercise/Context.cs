using System.Runtime.CompilerServices;

namespace PvPatch.Ace.Exercise;

/// <summary>A processor as an interrupt keeps it: sixteen registers in the order of their encoding, RIP and flags.</summary>
[InlineArray(Count)]
internal struct Context : IEquatable<Context>
{
    /// <summary>Indexes into it.</summary>
    public const int Rax = 0, Rcx = 1, Rdx = 2, Rbx = 3, Rsp = 4, Rbp = 5, Rsi = 6, Rdi = 7, R8 = 8, R9 = 9, R10 = 10,
        R11 = 11, R12 = 12, R13 = 13, R14 = 14, R15 = 15, Rip = 16, Flags = 17, Count = 18;

    /// <summary>CF, PF, AF, ZF, SF and OF.</summary>
    public const ulong Arithmetic = 0x8d5;

    /// <summary>DF.</summary>
    public const ulong Direction = 0x400;

    private ulong first;

    /// <summary>The registers in which arguments are passed.</summary>
    public static ReadOnlySpan<byte> Arguments => [Rdi, Rsi, Rdx, Rcx, R8, R9];

    /// <summary>The registers that a call keeps, the stack pointer apart.</summary>
    public static ReadOnlySpan<byte> Kept => [Rbx, Rbp, R12, R13, R14, R15];

    /// <inheritdoc/>
    public readonly bool Equals(Context other)
    {
        ReadOnlySpan<ulong> mine = this, others = other;
        return mine.SequenceEqual(others);
    }

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is Context other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode()
    {
        ulong hash = 0;
        foreach (ulong register in this) hash = (System.Numerics.BitOperations.RotateLeft(hash, 23) ^ register) * 0x9e3779b97f4a7c15;
        return (int)(hash >> 32);
    }

    /// <summary>The name of a register.</summary>
    public static string NameOf(int register) => register switch
    {
        Rip => "rip",
        Flags => "flags",
        >= R8 => $"r{register}",
        _ => "rax rcx rdx rbx rsp rbp rsi rdi".Split(' ')[register],
    };
}
