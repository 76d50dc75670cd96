using System.Buffers.Binary;
using PvPatch.Kernel;

namespace PvPatch.Tests.Hostile;

/// <summary>What is wrong with an image is said in one sentence: the file, the place, the reason.</summary>
[Collection(AloneCollection.Name)]
public sealed class BadImageTests : IDisposable
{
    private const int ShAddress = 16, ShOffset = 24, ShSize = 32, ShLink = 40;
    private readonly Scratch scratch = new();

    public static TheoryData<string, string> Spoiled { get; } = new()
    {
        { "empty", "ELF header: the file is empty" },
        { "one byte", "ELF header: this is not an ELF file" },
        { "text", "ELF header: this is not an ELF file" },
        { "magic only", "ELF header: bytes 0x0+0x14 lie outside of the file, which has 0x4" },
        { "big-endian", "ELF header: the file is not little-endian" },
        { "class 3", "ELF header: class 3 is neither 32 nor 64 bits" },
        { "aarch64", "ELF header: machine 183 is none of x86-64, i386 and IA-64" },
        { "i386", "ELF header: machine I386 is not supported yet" },
        { "relocatable", "ELF header: the file is a relocatable object, not a linked image" },
        { "core", "ELF header: the file is a core dump, not a linked image" },
        { "program headers outside", "program header 0: bytes 0x8000000000000000+0x38 lie outside of the file" },
        { "program headers wrap", "program header 0: bytes 0xffffffffffffffc8+0x38 lie outside of the file" },
        { "program headers small", "program headers: entries of 55 bytes are too small" },
        { "program headers many", "program headers: more than 65534 are not supported" },
        { "section headers outside", "section header 23: bytes 0x" },
        { "section headers wrap", "section header 23: its offset wraps around" },
        { "section headers small", "section headers: entries of 63 bytes are too small" },
        { "section headers many", "section headers: 65535 are too many" },
        { "section headers none", "section headers: their number is not in the ELF header" },
        { "section names index", "section headers: the name table's index 24 is not below 24" },
        { "section name outside", "section header 1: its name 0xfa lies outside of the name table" },
        { "section outside", "section header 1 (.text): bytes 0xffffffffffffff00+0xa57 lie outside of the file" },
        { "section size overflows", "section header 1: its memory wraps around" },
        { "section wraps", "section header 1: its memory wraps around" },
        { "sections overlap", "section header 18 (.exit.text): 0x7810+0x19 in the file overlaps section header 17 (.altinstr_replacement) at 0x76d4+0x13d" },
        { "section over header", "section header 3 (__ex_table): 0x3f+0x18 in the file overlaps the ELF header at 0x0+0x40" },
        { "segment outside", "program header 0: bytes 0x1000+0xffffffffffffff00 lie outside of the file" },
        { "segment wraps", "program header 0: its memory wraps around" },
        { "segments overlap in memory", "program header 1: 0xffffffff81003000+0x526 in memory overlaps program header 0" },
        { "segments overlap in the file", "program header 1: 0x4000+0x526 in the file overlaps program header 0" },
        { "segment longer in the file", "program header 1: its 0x526 bytes in the file are more than its 0x525 in memory" },
        { "text in no segment", "section .text: no loadable segment holds it at its place in the file" },
        { "string table missing", "section .symtab: its string table 99 does not exist" },
        { "symbol table cut", "section .symtab: its size is not a multiple of 24" },
        { "symbol name outside", "symbol 5: its name 0xffffffff lies outside of the string table" },
        { "note too long", "note at 0x3a70: it is longer than its segment" },
        { "BTF cut", "section .BTF: its types are cut short" },
        { "BTF header", "section .BTF: its header is missing" },
        { "table cut", "__mcount_loc" },
        { "table backwards", "__start___jump_table: __stop___jump_table lies before __start___jump_table" },
        { "table endless", "__start___jump_table: its 0x" },
        { "paravirt outside", "record 0 of .parainstructions: its site 0xffffffff81001000+6 is not in executable text" },
        { "paravirt off the end", "record 0 of .parainstructions: its site 0xffffffff81000a55+6 is not in executable text" },
        { "paravirt short", "record 0 of .parainstructions: its length 4 holds no call" },
        { "alternative outside", "record 0 of .altinstructions: its site 0x" },
        { "replacement outside", "record 0 of .altinstructions: its site 0x" },
        { "replacement too long", "record 0 of .altinstructions: its replacement of " },
        { "alternative feature", "record 0 of .altinstructions: its feature " },
        { "return outside", "record 0 of .return_sites: its site 0x" },
        { "retpoline outside", "record 0 of .retpoline_sites: its site 0x" },
        { "lock outside", "record 0 of .smp_locks: its site 0x" },
        { "jump label outside", "record 0 of __start___jump_table: its site 0x" },
        { "static call outside", "record 0 of __start_static_call_sites: its site 0x" },
        { "control characters", "section header 1 (?[2J?" },
    };

    public void Dispose() => scratch.Dispose();

    [Theory]
    [MemberData(nameof(Spoiled))]
    public void IsRefusedInOneSentence(string what, string reason)
    {
        string image = scratch.Write("image", Spoil(what));
        if (what == "table cut") reason = "__start_mcount_loc: its ";
        CommandRun.Here("scan", image, "-o", scratch["out"]).IsRefusal(image, reason);
        Assert.Equal(["image"], scratch.Names());
        CommandRun.Here("rewrite", image, "-o", scratch["out"]).IsRefusal(image, reason);
        Assert.Equal(["image"], scratch.Names());
    }

    [Theory]
    [InlineData("scan")]
    [InlineData("rewrite", "--dry-run")]
    [InlineData("verify")]
    [InlineData("explain", "mini_traced")]
    [InlineData("ops")]
    [InlineData("profile", "--host")]
    public void EveryVerbNamesTheFileAndTheReason(string verb, params string[] rest)
    {
        CommandRun.Here([verb, scratch["missing"], .. rest]).IsRefusal(scratch["missing"], "no such file");
        CommandRun.Here([verb, scratch["no/folder"], .. rest]).IsRefusal(scratch["no/folder"], "no such folder");
        CommandRun.Here([verb, scratch.Folder, .. rest]).IsRefusal(scratch.Folder, "is a directory");
        string text = scratch.Write("text", "#!/bin/sh\n"u8);
        CommandRun.Here([verb, text, .. rest]).IsRefusal(text, "ELF header: this is not an ELF file");
        CommandRun.Here([verb, "/dev/zero", .. rest]).IsRefusal("/dev/zero");
    }

    [Fact]
    public void BothImagesOfADiffAreNamed()
    {
        string bad = scratch.Write("bad", "no"u8);
        CommandRun.Here("diff", bad, TestPaths.Mini).IsRefusal(bad, "not an ELF file");
        CommandRun.Here("diff", TestPaths.Mini, bad).IsRefusal(bad, "not an ELF file");
        CommandRun.Here("verify", TestPaths.Mini, "--against", bad).IsRefusal(bad, "not an ELF file");
    }

    [Fact]
    public void AnImageWithoutSitesNeedsAllowEmpty()
    {
        byte[] image = WithoutSites();
        string path = scratch.Write("image", image);
        CommandRun.Here("scan", path, "-o", scratch["out"]).IsRefusal(path, "sites: there are none");
        Assert.Equal(["image"], scratch.Names());
        Assert.Equal(0, CommandRun.Here("scan", path, "--allow-empty", "-o", scratch["out"]).Exit);
        Assert.Equal(["image", "out"], scratch.Names());
        CommandRun.Here("rewrite", path, "-o", scratch["rewritten"]).IsRefusal(path, "sites: there are none");
        Assert.Equal(0, CommandRun.Here("verify", path, "--allow-empty", "-o", scratch["out"]).Exit);
    }

    [Fact]
    public void OtherInputsAreNamedToo()
    {
        string bad = scratch.Write("bad", "{ \"schema\": 1 }"u8);
        CommandRun.Here("rewrite", TestPaths.Mini, "--dry-run", "--cpu", bad).IsRefusal(bad, "profile: it is not a profile");
        CommandRun.Here("rewrite", TestPaths.Mini, "--dry-run", "--cpu", scratch["missing"]).IsRefusal(scratch["missing"], "no such file");
        CommandRun.Here("rewrite", TestPaths.Mini, "--dry-run", "--cpu", "/dev/zero").IsRefusal("/dev/zero", "64 MiB");
        CommandRun.Here("profile", TestPaths.Mini, "--cpuinfo", bad).IsRefusal(bad, "capture: it has no section /proc/cpuinfo");
        CommandRun.Here("profile", TestPaths.Mini, "--cpuinfo", "/dev/zero").IsRefusal("/dev/zero", "64 MiB");
        CommandRun.Here("profile", TestPaths.Mini, "--memory", bad).IsRefusal(bad, "dump: it is not an ELF core");
        CommandRun.Here("profile", TestPaths.Mini, "--memory", TestPaths.Mini).IsRefusal(TestPaths.Mini, "ELF header: the file is not a core dump");
        CommandRun.Here("profile", TestPaths.Mini, "--memory", bad, "--at", "phys:0x1000000").IsRefusal(bad, "is not in it");
        string functions = scratch.Write("functions", "{ \"schema\": \"pvpatch.profile/1\", \"returnThunk\": \"0x7fff12345678\", \"features\": [\"X86_FEATURE_RETHUNK\"] }"u8);
        CommandRun.Here("rewrite", TestPaths.Mini, "-q", "-o", scratch["out"], "--cpu", functions)
            .IsRefusal(TestPaths.Mini, "no call or jump reaches from there to 0x7fff12345678");
        Assert.Equal(["bad", "functions"], scratch.Names());
    }

    [Theory]
    [InlineData("x86_cap_flags", "symbol x86_cap_flags: ", "--host")]
    [InlineData("linux_banner", "symbol linux_banner: ", "--memory", "dump", "--at", "phys:0x1000000")]
    [InlineData("boot_cpu_data", "symbol boot_cpu_data: ", "--memory", "dump", "--at", "phys:0x1000000")]
    public void AProfileThatTheImageMakesImpossibleNamesTheImage(string symbol, string reason, params string[] source)
    {
        byte[] bytes = [.. MiniLayout.Bytes];
        int name = bytes.AsSpan().LastIndexOf(System.Text.Encoding.ASCII.GetBytes($"\0{symbol}\0"));
        bytes[name + 1] = (byte)'X';
        string image = scratch.Write("image", bytes), dump = scratch.Write("dump", DumpBytes.Raw());
        CommandRun.Here(["profile", image, .. source.Select(s => s == "dump" ? dump : s)]).IsRefusal(image, reason);
    }

    [Fact]
    public void AFifoIsNoImage() =>
        CommandRun.Under("cat \"$4\" | \"$1\" \"$2\" \"$3\" /dev/stdin", "scan", TestPaths.Mini).IsRefusal("/dev/stdin", "is a pipe or a device");

    private static byte[] WithoutSites()
    {
        byte[] image = [.. MiniLayout.Bytes];
        foreach (int section in new[] { 13, 14, 15, 16, 19 }) Field(image, section, ShSize, 0);
        foreach (string name in new[] { "__stop___jump_table", "__stop_static_call_sites", "__stop_mcount_loc" })
        {
            using KernelImage original = KernelImage.Open(TestPaths.Mini);
            original.Symbols.TryFindAddress(name.Replace("__stop", "__start", StringComparison.Ordinal), out ulong start);
            Symbol(image, name, start);
        }

        // The trampolines are sites by their names alone.
        for (int at = 0; at < image.Length - 7; at++)
            if (image.AsSpan(at, 7).SequenceEqual("__SCT__"u8)) image[at] = (byte)'x';
        return image;
    }

    private static byte[] Spoil(string what)
    {
        byte[] image = [.. MiniLayout.Bytes];
        switch (what)
        {
            case "empty": return [];
            case "one byte": return [0x7f];
            case "text": return [.. "Linux version 6.1\n"u8];
            case "magic only": return image[..4];
            case "big-endian": image[5] = 2; break;
            case "class 3": image[4] = 3; break;
            case "aarch64": Half(image, 18, 183); break;
            case "i386": return Tiny32();
            case "relocatable": Half(image, 16, 1); break;
            case "core": Half(image, 16, 4); break;
            case "program headers outside": Word(image, 32, 1ul << 63); break;
            case "program headers wrap": Word(image, 32, unchecked(0ul - 56)); break;
            case "program headers small": Half(image, 54, 55); break;
            case "program headers many": Half(image, 56, 0xffff); break;
            case "section headers outside": Word(image, 40, 1ul << 63); break;
            case "section headers wrap": Word(image, 40, unchecked(0ul - 64)); break;
            case "section headers small": Half(image, 58, 63); break;
            case "section headers many": Half(image, 60, 0xffff); break;
            case "section headers none": Half(image, 60, 0); break;
            case "section names index": Half(image, 62, 24); break;
            case "section name outside": BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(MiniLayout.SectionHeaders + 64), 0xfa); break;
            case "section outside": Field(image, 1, ShOffset, 0xffffffffffffff00); break;
            case "section size overflows": Field(image, 1, ShSize, ulong.MaxValue - 4); break;
            case "section wraps": Field(image, 1, ShAddress, ulong.MaxValue - 4); break;
            case "sections overlap": Field(image, 17, ShSize, 0x13d); break;
            case "section over header": Field(image, 3, ShOffset, 0x3f); break;
            case "segment outside": Segment(image, 0, 32, 0xffffffffffffff00); break;
            case "segment wraps": Segment(image, 0, 16, ulong.MaxValue - 4); break;
            case "segments overlap in memory": Segment(image, 1, 16, 0xffffffff81003000); break;
            case "segments overlap in the file": Segment(image, 1, 8, 0x4000); break;
            case "segment longer in the file": Segment(image, 1, 40, 0x525); break;
            case "text in no segment": Segment(image, 0, 0, 0); break;
            case "string table missing": BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(MiniLayout.SectionHeaders + (21 * 64) + ShLink), 99); break;
            case "symbol table cut": Field(image, 21, ShSize, 0x110f); break;
            case "symbol name outside": BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(MiniLayout.SymbolTable + (5 * 24)), uint.MaxValue); break;
            case "note too long": BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(0x3a74), 0xfffffff0); break;
            case "BTF cut": BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(0x3ab4 + 12), uint.MaxValue); break;
            case "BTF header": image[0x3ab4] = 0; break;
            case "table cut": Symbol(image, "__stop_mcount_loc", Address(image, "__stop_mcount_loc") - 1); break;
            case "table backwards": Symbol(image, "__stop___jump_table", 0x1000); break;
            case "table endless": Symbol(image, "__stop___jump_table", ulong.MaxValue); break;
            case "paravirt outside": Word(image, 0x70a0, 0xffffffff81001000); break;
            case "paravirt off the end": Word(image, 0x70a0, 0xffffffff81000a55); break;
            case "paravirt short": image[0x70a0 + 9] = 4; break;
            case "alternative outside": image[0x7380 + 3] ^= 0x40; break;
            case "replacement outside": image[0x7380 + 7] ^= 0x40; break;
            case "replacement too long": (image[0x738a], image[0x738b]) = (3, 4); break;
            case "alternative feature": Half(image, 0x7388, 0x7fff); break;
            case "return outside": image[0x71e8 + 3] ^= 0x40; break;
            case "retpoline outside": image[0x71c0 + 3] ^= 0x40; break;
            case "lock outside": image[0x8000 + 3] ^= 0x40; break;
            case "jump label outside": image[TableOffset(image, "__start___jump_table") + 3] ^= 0x40; break;
            case "static call outside": image[TableOffset(image, "__start_static_call_sites") + 3] ^= 0x40; break;
            case "control characters":
                "\e[2J\n"u8.CopyTo(image.AsSpan(NameOffset(image, 1)));
                Field(image, 1, ShOffset, 0xffffffffffffff00);
                break;
            default: throw new ArgumentOutOfRangeException(nameof(what));
        }

        return image;
    }

    private static byte[] Tiny32()
    {
        byte[] image = new byte[64];
        MiniLayout.Bytes.AsSpan(0, 18).CopyTo(image);
        image[4] = 1;
        image[18] = 3;
        return image;
    }

    private static int NameOffset(byte[] image, int section) =>
        (int)BinaryPrimitives.ReadUInt64LittleEndian(image.AsSpan(MiniLayout.SectionHeaders + (23 * 64) + ShOffset))
        + (int)BinaryPrimitives.ReadUInt32LittleEndian(image.AsSpan(MiniLayout.SectionHeaders + (section * 64)));

    private static void Half(byte[] image, int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(at), value);

    private static void Word(byte[] image, int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(at), value);

    private static void Field(byte[] image, int section, int field, ulong value) =>
        Word(image, MiniLayout.SectionHeaders + (section * 64) + field, value);

    private static void Segment(byte[] image, int segment, int field, ulong value)
    {
        if (field < 8) BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(64 + (segment * 56) + field), (uint)value);
        else Word(image, 64 + (segment * 56) + field, value);
    }

    private static void Symbol(byte[] image, string name, ulong value) => Word(image, SymbolOffset(name) + 8, value);

    private static ulong Address(byte[] image, string name) => BinaryPrimitives.ReadUInt64LittleEndian(image.AsSpan(SymbolOffset(name) + 8));

    // All tables without sections lie in the first segment, at file offset 0x1000.
    private static int TableOffset(byte[] image, string name) => (int)(Address(image, name) - 0xffffffff81000000) + 0x1000;

    private static int SymbolOffset(string name)
    {
        using KernelImage image = KernelImage.Open(TestPaths.Mini);
        for (int i = 0; i < image.Symbols.Count; i++)
            if (image.Symbols.GetName(image.Symbols[i]) == name) return MiniLayout.SymbolTable + (i * 24);
        throw new ArgumentException(name, nameof(name));
    }
}
