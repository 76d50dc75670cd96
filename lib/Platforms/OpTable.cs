using PvPatch.Kernel;

namespace PvPatch.Platforms;

/// <summary>The paravirt operations of an image, named by its own BTF, and the function behind each at link time.</summary>
public sealed class OpTable
{
    private const int MaxOps = 256; // paravirt_patch_site.type is one byte
    private const int MaxMembers = 4096; // the structure has some 120; one that holds itself has no end

    private OpTable(string[] names, ulong[] functions) => (Names, Functions) = (names, functions);

    /// <summary>Op names by index, as <c>irq.irq_disable</c>.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The functions in the image's own pv_ops, by index: those of the platform <c>native</c>.</summary>
    public IReadOnlyList<ulong> Functions { get; }

    /// <summary>Reads the names from <c>struct paravirt_patch_template</c> and the functions from <c>pv_ops</c>.</summary>
    /// <exception cref="MalformedImageException">pv_ops is not in the image's data.</exception>
    public static OpTable Read(KernelImage image, KernelPlaces places)
    {
        if (places.PvOps == 0) return new OpTable([], []);
        BtfStruct? template = image.Btf?.FindStruct("paravirt_patch_template");
        ulong size = template?.Size ?? SymbolSize(image);
        var names = new string[Math.Min(size / 8, MaxOps)];
        for (int i = 0; i < names.Length; i++) names[i] = $"pv_ops+0x{i * 8:x}";
        int room = MaxMembers;
        if (template is not null) NameMembers(image.Btf!, template, string.Empty, 0, names, depth: 0, ref room);
        var functions = new ulong[names.Length];
        for (int i = 0; i < functions.Length; i++)
            if (!image.Memory.TryReadWord(places.PvOps + (ulong)(i * 8), out functions[i]))
                throw new MalformedImageException("pv_ops", $"the image holds no bytes for {names[i]}");
        return new OpTable(names, functions);
    }

    /// <summary>An op's name, or its offset where pv_ops is too short for it.</summary>
    public string NameOf(int op) => op < Names.Count ? Names[op] : $"pv_ops+0x{op * 8:x}";

    private static ulong SymbolSize(KernelImage image) =>
        image.Symbols.TryFind("pv_ops", out Elf.ElfSymbol symbol) ? symbol.Size : 0;

    // Groups (cpu, irq, mmu, lock) and lazy_mode are structures of pointers; paravirt_callee_save wraps one pointer, func.
    private static void NameMembers(Btf btf, BtfStruct type, string prefix, uint offset, string[] names, int depth, ref int room)
    {
        room -= type.Members.Count;
        if (room < 0)
            throw new MalformedImageException(
                "section .BTF", $"paravirt_patch_template has more than {MaxMembers} members, and pv_ops at most {MaxOps} pointers");
        foreach (BtfMember member in type.Members)
        {
            uint at = offset + member.Offset; // may wrap around: then it is some other name's place, or none
            string name = prefix.Length == 0 ? member.Name : $"{prefix}.{member.Name}";
            if (depth < 4 && btf.GetStruct(member.Type) is { } inner && inner.Name != "paravirt_callee_save")
                NameMembers(btf, inner, name, at, names, depth + 1, ref room);
            else if (at % 8 == 0 && at / 8 < names.Length)
                names[at / 8] = name;
        }
    }
}
