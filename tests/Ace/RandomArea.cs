using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace PvPatch.Tests.Ace;

/// <summary>Random areas: bytes that are noise, and routines of instructions that an area is made of, in any order.</summary>
internal static class RandomArea
{
    private const int Size = 4096;
    private const ulong Lock = AceElf.Data + 64;

    /// <summary>A page of noise in which some places are called entries.</summary>
    public static (byte[] Code, List<(string, ulong, ulong)> Functions, int Slots) Noise(Random random)
    {
        byte[] code = new byte[Size];
        random.NextBytes(code);
        var functions = new List<(string, ulong, ulong)>();
        for (int i = random.Next(6); i >= 0; i--) functions.Add(($"ace_{i}", (ulong)random.Next(Size), (ulong)random.Next(300)));
        return (code, functions, random.Next(5));
    }

    /// <summary>Routines of a few plausible instructions each, with branches among them.</summary>
    public static (byte[] Code, List<(string, ulong, ulong)> Functions, int Slots) Routines(Random random)
    {
        byte[] code = new byte[Size];
        Array.Fill(code, (byte)0xcc);
        var functions = new List<(string, ulong, ulong)>();
        ulong at = 0;
        for (int routine = random.Next(1, 4); routine > 0; routine--)
        {
            byte[] bytes = Routine(random, AceElf.Area + at);
            bytes.CopyTo(code, (int)at);
            functions.Add(($"ace_{routine}", at, (ulong)bytes.Length));
            at += ((ulong)bytes.Length + 16) & ~15ul;
        }

        return (code, functions, 0);
    }

    private static byte[] Routine(Random random, ulong address)
    {
        var c = new Assembler(64);
        Label[] labels = [.. Enumerable.Range(0, 5).Select(_ => c.CreateLabel())];
        int placed = 0, count = random.Next(3, 18);
        bool locked = random.Next(4) != 0; // most of them at least try
        if (locked) Acquire(c);
        for (int i = 0; i < count; i++)
        {
            if (placed < labels.Length && random.Next(3) == 0) c.Label(ref labels[placed++]);
            bool other = locked && random.Next(8) != 0;
            Emit(c, random, labels[other ? Math.Min(placed, labels.Length - 1) : random.Next(labels.Length)], random.Next(other ? 6 : 0, 21));
        }

        c.nop();
        while (placed < labels.Length)
        {
            c.Label(ref labels[placed++]);
            c.nop();
        }

        if (locked) c.mov(__dword_ptr[Lock], 0);
        c.jmp(r11);
        using var stream = new MemoryStream();
        c.Assemble(new StreamCodeWriter(stream), address);
        return stream.ToArray();
    }

    private static void Acquire(Assembler c)
    {
        Label again = c.CreateLabel();
        c.nop(); // one label an instruction
        c.Label(ref again);
        c.@lock.bts(__dword_ptr[Lock], 0);
        c.jc(again);
    }

    // The first six are those that a routine under its lock had better not do.
    private static void Emit(Assembler c, Random random, Label label, int what)
    {
        ulong word = AceElf.Data + (8 * (ulong)random.Next(3));
        switch (what)
        {
            case 0: Acquire(c); break;
            case 1: c.mov(__dword_ptr[Lock], 0); break;
            case 2: c.xchg(__dword_ptr[Lock], eax); break;
            case 3: c.cmp(__dword_ptr[Lock], 0); c.jne(label); break;
            case 4: c.mov(r11, rdx); break;
            case 5: c.mov(rbx, rdx); break;
            case 6: c.inc(__qword_ptr[word]); break;
            case 7: c.cmp(edi, 64); c.jae(label); break;
            case 8: c.mov(edi, edi); break;
            case 9: c.lea(r8, __[AceElf.Data + 128]); break;
            case 10: c.mov(ecx, __dword_ptr[r8 + (rdi * 4)]); break;
            case 11: c.mov(__dword_ptr[r8 + (rcx * 4)], esi); break;
            case 12: c.and(ecx, 31); break;
            case 13: c.mov(ecx, random.Next(0, 9)); break;
            case 14: c.dec(ecx); c.jnz(label); break;
            case 15: c.test(rax, rax); c.jz(label); break;
            case 16: c.mov(rax, __qword_ptr[word]); break;
            case 17: c.mov(__qword_ptr[word], rax); break;
            case 18: c.@lock.inc(__qword_ptr[word]); break;
            case 19: c.jmp(label); break;
            default: c.mov(r9, random.Next(2) == 0 ? rdx : rbx); break;
        }
    }
}
